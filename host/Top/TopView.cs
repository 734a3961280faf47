using Pmoas.Host.Overview;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Pmoas.Host.Top;

/// <summary>Draws what the user looks at, within the terminal's size.</summary>
internal static class TopView
{
    private const string Keys = "sort: c cpu  m memory  r requests  f forward  h handoff  t retransmits  n name   / filter   p pause   Enter open   Esc back   q quit";

    /// <summary>The whole screen.</summary>
    /// <param name="state">What the user looks at.</param>
    /// <param name="node">The numbers.</param>
    /// <param name="trouble">Why they are old; null when they are not.</param>
    /// <param name="width">Characters a line.</param>
    /// <param name="height">Lines.</param>
    internal static IRenderable Draw(TopState state, NodeOverview node, string? trouble, int width, int height)
    {
        List<IRenderable> parts = [new Text(Status(state, node), new Style(decoration: Decoration.Bold)).Ellipsis()];
        if (trouble is not null)
        {
            parts.Add(new Text(trouble, new Style(Color.Red)));
        }

        if (state.Open is { } open)
        {
            if (state.Opened(node) is { } pod)
            {
                parts.AddRange(TopTables.Pod(pod).SelectMany(table => (IRenderable[])[new Text(""), new Text(table.Title, new Style(decoration: Decoration.Bold)), Drawn(table.Fitting(width), -1)]));
                parts.AddRange(Missing(pod).Select(line => new Text(line, new Style(decoration: Decoration.Dim))));
            }
            else
            {
                parts.Add(new Text($"{open.Namespace}/{open.Pod} has ended; Esc goes back."));
            }
        }
        else
        {
            IReadOnlyList<PodOverview> pods = state.Shown(node);
            int selected = Math.Min(state.Selected, pods.Count - 1);
            int room = Math.Max(height - 6, 1);
            int from = Math.Clamp(selected - (room / 2), 0, Math.Max(pods.Count - room, 0));
            parts.Add(Drawn(TopTables.Pods([.. pods.Skip(from).Take(room)]).Fitting(width), selected - from));
            if (pods.Count == 0)
            {
                parts.Add(new Text(node.Pods.Count == 0 ? "No pod is measured yet; pmoas pods lists those of this node." : $"No pod has \"{state.Filter}\" in its name."));
            }
        }

        parts.Add(new Text(Keys, new Style(decoration: Decoration.Dim)).Ellipsis());
        return new Rows(parts);
    }

    /// <summary>What would be seen with a plugin that does not run, for each that is missed.</summary>
    internal static IEnumerable<string> Missing(PodOverview pod)
    {
        if (pod.Containers.All(one => one.CpuCores is null && one.MemoryBytes is null))
        {
            yield return "CPU and memory: write [plugins.resource_usage] into pmoas.toml.";
        }

        if (pod.Containers.All(one => one.AcceptedPerSecond is null))
        {
            yield return "Connections, forward and handoff: write [plugins.accept] into pmoas.toml.";
        }

        if (pod.Legs.Count == 0)
        {
            yield return "Legs and stages: write enabled = true under [plugins.stack_trace] in pmoas.toml, and send something through the pod.";
        }
    }

    private static string Status(TopState state, NodeOverview node)
    {
        string order = $"by {Config.KeyNames.SnakeCase(state.Sort.ToString())}{(state.IsReversed ? ", reversed" : "")}";
        string filter = state.IsTyping ? $"   /{state.Filter}_" : state.Filter.Length > 0 ? $"   /{state.Filter}" : "";
        return FormattableString.Invariant($"pmoas top   {node.Pods.Count} pods, {order}   over {node.Seconds:0.0} s{filter}{(state.IsPaused ? "   PAUSED" : "")}");
    }

    private static Table Drawn(TopTable table, int selected)
    {
        Table drawn = new() { Border = TableBorder.None, ShowRowSeparators = false };
        foreach (TopColumn column in table.Columns)
        {
            TableColumn made = new(new Text(column.Name.ToUpperInvariant(), new Style(decoration: Decoration.Dim))) { NoWrap = true, Padding = new Padding(0, 0, 2, 0) };
            drawn.AddColumn(column.IsNumber ? made.RightAligned() : made);
        }

        for (int i = 0; i < table.Rows.Count; i++)
        {
            Style style = i == selected ? new Style(decoration: Decoration.Invert) : Style.Plain;
            drawn.AddRow([.. table.Rows[i].Select(cell => new Text(cell, style))]);
        }

        return drawn;
    }
}
