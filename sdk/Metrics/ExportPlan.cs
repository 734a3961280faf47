using Pmoas.Sdk.Bpf;

namespace Pmoas.Sdk.Metrics;

/// <summary>A map a probe asked to export, with the C struct of its values.</summary>
/// <param name="Map">C name of the map.</param>
/// <param name="Value">Struct of its values.</param>
/// <param name="PerContainer">True: keyed by container id (<c>Export</c>). False: a single-entry array (<c>ExportNode</c>).</param>
internal sealed record ExportedMap(string Map, BtfStruct Value, bool PerContainer);

/// <summary>A metric and the member of a map's value it is read from.</summary>
internal sealed record ExportedField(MetricDef Def, BtfMember Member);

/// <summary>Which metric is read from which member of which map, checked against BTF. Pure.</summary>
internal static class ExportPlan
{
    /// <summary>Finds the member of every definition that names one; the result has the maps in the order given.</summary>
    /// <exception cref="MetricDefinitionException">Anything does not fit; all mismatches are listed.</exception>
    internal static IReadOnlyList<(ExportedMap Map, IReadOnlyList<ExportedField> Fields)> Make(
        string subject, IReadOnlyList<ExportedMap> maps, IReadOnlyList<MetricDef> defs)
    {
        List<string> mistakes = [];
        List<(ExportedMap Map, ExportedField Field)> found = [];
        foreach (MetricDef def in defs.Where(def => def.Field is not null))
        {
            if (Find(def, maps, mistakes) is { } hit)
            {
                mistakes.AddRange(FieldShape.Mistakes(def, hit.Field.Member, hit.Map.PerContainer).Select(
                    mistake => $"{def.Name}: {mistake} (struct {hit.Map.Value.Name}, member {def.Field})"));
                found.Add(hit);
            }
        }

        return mistakes.Count == 0
            ? [.. maps.Select(map => (map, (IReadOnlyList<ExportedField>)[.. found.Where(f => f.Map == map).Select(f => f.Field)]))]
            : throw new MetricDefinitionException(subject, mistakes);
    }

    private static (ExportedMap Map, ExportedField Field)? Find(MetricDef def, IReadOnlyList<ExportedMap> maps, List<string> mistakes)
    {
        bool perContainer = FieldShape.HasContainerLabel(def);
        (ExportedMap Map, ExportedField Field)[] hits =
        [
            .. from map in maps
               from member in map.Value.Members
               where member.Name == def.Field
               select (map, new ExportedField(def, member)),
        ];
        (ExportedMap Map, ExportedField Field)[] ownKind = [.. hits.Where(hit => hit.Map.PerContainer == perContainer)];
        switch (ownKind.Length, hits.Length)
        {
            case (1, _):
                return ownKind[0];
            case (0, 0):
                string searched = maps.Count == 0 ? "none is exported" : string.Join(", ", maps.Select(map => $"{map.Map}: struct {map.Value.Name}"));
                mistakes.Add($"{def.Name}: no exported map has a member {def.Field} ({searched})");
                return null;
            case (0, _):
                mistakes.Add(perContainer
                    ? $"{def.Name}: map {hits[0].Map.Map} is exported for the node, so its metrics carry no container label"
                    : $"{def.Name}: map {hits[0].Map.Map} is exported by container, so its metrics' labels start with Label.Container");
                return null;
            default:
                mistakes.Add($"{def.Name}: member {def.Field} is in more than one exported map ({string.Join(", ", ownKind.Select(hit => hit.Map.Map))})");
                return null;
        }
    }
}
