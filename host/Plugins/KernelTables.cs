using Pmoas.Host.Exposition;
using Pmoas.Sdk.Bpf;
using Pmoas.Sdk.Metrics;
using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Plugins;

/// <summary>The kernel maps a probe asked to export, and how each is read at a scrape.</summary>
internal sealed class KernelTables(ImportedPlugin plugin, BpfObject bpf, PluginInstruments instruments, IContainerIndex containers)
{
    private readonly List<ExportedMap> _maps = [];

    /// <summary>Adds a map of the object.</summary>
    /// <param name="map">C name.</param>
    /// <param name="perContainer">True: keyed by container id. False: an array of one entry.</param>
    /// <exception cref="MetricDefinitionException">The object has no such map, or its value is no struct.</exception>
    public void Add(string map, bool perContainer)
    {
        if (!bpf.HasMap(map) || !bpf.Btf.TryMapValue(map, out BtfStruct? value))
        {
            throw new MetricDefinitionException($"plugin {plugin.Name}", [$"{bpf.Name} has no map {map} whose value is a struct"]);
        }

        _maps.Add(new ExportedMap(map, value, perContainer));
    }

    /// <summary>One reader a map, to be run at every scrape; makes the series appear.</summary>
    /// <exception cref="MetricDefinitionException">A metric does not fit the member it names.</exception>
    public IReadOnlyList<Action> Readers()
    {
        List<Action> readers = [];
        foreach ((ExportedMap map, IReadOnlyList<ExportedField> fields) in
            ExportPlan.Make($"plugin {plugin.Name}", _maps, plugin.Manifest.Metrics))
        {
            KernelValue value = new([.. fields.Select(field => FieldExport.Of(field, instruments))]);
            readers.Add(map.PerContainer ? PerContainer(new TotalsReader(bpf, map.Map), value) : Node(bpf.Map(map.Map), value));
        }
        return readers;
    }

    private Action PerContainer(TotalsReader reader, KernelValue value)
    {
        ContainerTable table = new(value, containers, reader.Remove, TimeProvider.System);
        MapEntryHandler read = table.Read;
        return () =>
        {
            table.Begin();
            reader.Read(read);
            table.End();
        };
    }

    private static Action Node(BpfMap map, KernelValue value)
    {
        NodeTable table = new(value);
        MapReader reader = new(map);
        MapEntryHandler read = table.Read;
        return () => reader.Read(read);
    }
}
