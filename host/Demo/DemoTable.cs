using System.Globalization;
using Spectre.Console;

namespace Pmoas.Host.Demo;

/// <summary>Shows a <see cref="DemoReport"/> to a person: boxed on a terminal, plain aligned lines in a pipe.</summary>
internal static class DemoTable
{
    private const string Adds = "the sidecar adds";

    /// <summary>Writes the answer in a sentence, then the two tables it rests on.</summary>
    internal static void Write(DemoReport report, TextWriter output, bool boxed)
    {
        IAnsiConsole? terminal = boxed ? AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) }) : null;
        output.WriteLine();
        WriteLine(Answer(report.Load.Direct, report.Load), output, terminal);
        output.WriteLine();
        WriteRows(Latency(report.Load.Direct, report.Load), output, terminal);
        output.WriteLine();
        WriteRows(Containers(report), output, terminal);
        output.WriteLine();
        string unpaired = report.Unpaired.Values.Sum() == 0
            ? "none"
            : string.Join(", ", report.Unpaired.Where(reason => reason.Value > 0).Select(reason => $"{reason.Key} {reason.Value}"));
        output.WriteLine($"Sidecar connects that fit no request: {unpaired}. Events lost: {report.Dropped}.");
    }

    private static string Answer(LoadFigures direct, LoadFigures through) =>
        $"The sidecar costs {Time(through.P50Seconds - direct.P50Seconds)} a request: half of them take {Time(direct.P50Seconds)} without it and {Time(through.P50Seconds)} with it.";

    private static string[][] Latency(LoadFigures direct, LoadFigures through) =>
    [
        ["As the caller sees it", "requests", "failed", "p50", "p99", "one at a time"],
        ["direct to the service", $"{direct.Complete}", $"{direct.Failed}", Time(direct.P50Seconds), Time(direct.P99Seconds), Rate(direct.Rps)],
        ["through the sidecar", $"{through.Complete}", $"{through.Failed}", Time(through.P50Seconds), Time(through.P99Seconds), Rate(through.Rps)],
        [
            Adds, "", "", Time(through.P50Seconds - direct.P50Seconds), Time(through.P99Seconds - direct.P99Seconds),
            string.Create(CultureInfo.InvariantCulture, $"{(through.Rps / direct.Rps) - 1:+0 %;-0 %}"),
        ],
    ];

    private static string[][] Containers(DemoReport report)
    {
        (ContainerFigures sidecar, ContainerFigures service) = (report.Sidecar, report.Service);
        string[] Count(string name, Func<ContainerFigures, long> of, long? caller = null) =>
            [name, $"{caller}", $"{of(sidecar)}", $"{of(service)}"];
        string[] Times(string name, Func<ContainerFigures, HistogramFigures> of) => [name, "", Quantiles(of(sidecar)), Quantiles(of(service))];
        return
        [
            ["As the kernel sees it", "(caller says)", "sidecar", "service"],
            Count("connections accepted", c => c.Accepted),
            Count("connections opened", c => c.ConnectedOk, report.Load.Complete),
            Count("connections closed", c => c.Closed),
            Count("connections still open", c => c.Open),
            Count("requests on a reused connection", c => c.Reused),
            Count("bytes received", c => c.ReceivedBytes, report.Load.TransferredBytes),
            Count("bytes sent", c => c.SentBytes),
            Times("wait in the accept queue, p50 / p99", c => c.Queue),
            Times("forward: its accept to its connect", c => c.Forward),
            Times("handoff: sidecar's connect to its accept", c => c.Handoff),
        ];
    }

    private static void WriteLine(string text, TextWriter output, IAnsiConsole? terminal)
    {
        if (terminal is null)
        {
            output.WriteLine(text);
            return;
        }

        terminal.Write(new Text(text, new Style(decoration: Decoration.Bold)));
        terminal.WriteLine();
    }

    private static void WriteRows(string[][] rows, TextWriter output, IAnsiConsole? terminal)
    {
        if (terminal is null)
        {
            int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length))];
            foreach (string[] row in rows)
            {
                output.WriteLine(string.Join("  ", row.Select((cell, i) => i == 0 ? cell.PadRight(widths[0]) : cell.PadLeft(widths[i]))).TrimEnd());
            }

            return;
        }

        Table table = new Table().RoundedBorder();
        foreach ((string title, int column) in rows[0].Select((title, column) => (title, column)))
        {
            table.AddColumn(new TableColumn(new Text(title)) { Alignment = column == 0 ? Justify.Left : Justify.Right });
        }

        Style found = new(Color.Yellow, decoration: Decoration.Bold);
        foreach (string[] row in rows[1..])
        {
            table.AddRow(row.Select(cell => new Text(cell, row[0] == Adds ? found : Style.Plain)));
        }

        terminal.Write(table);
    }

    private static string Quantiles(HistogramFigures histogram) =>
        histogram.P50Seconds is { } p50 && histogram.P99Seconds is { } p99 ? $"{Time(p50)} / {Time(p99)}" : "-";

    private static string Rate(double perSecond) => string.Create(CultureInfo.InvariantCulture, $"{perSecond:0}/s");

    private static string Time(double seconds) => Math.Abs(seconds) < 1e-3
        ? string.Create(CultureInfo.InvariantCulture, $"{seconds * 1e6:0} µs")
        : string.Create(CultureInfo.InvariantCulture, $"{seconds * 1e3:0.00} ms");
}
