using System.Globalization;
using Spectre.Console;

namespace Pmoas.Host.Demo;

/// <summary>Shows a <see cref="DemoReport"/> to a person: boxed on a terminal, plain aligned lines in a pipe.</summary>
internal static class DemoTable
{
    /// <summary>Writes both tables.</summary>
    internal static void Write(DemoReport report, TextWriter output, bool boxed)
    {
        WriteRows(Latency(report), output, boxed);
        output.WriteLine();
        WriteRows(Containers(report), output, boxed);
        output.WriteLine();
        string unpaired = report.Unpaired.Values.Sum() == 0
            ? "none"
            : string.Join(", ", report.Unpaired.Where(reason => reason.Value > 0).Select(reason => $"{reason.Key} {reason.Value}"));
        output.WriteLine($"Unpaired: {unpaired}. Events lost: {report.Dropped}.");
    }

    private static string[][] Latency(DemoReport report)
    {
        (LoadFigures direct, ChainFigures through) = (report.Load.Direct, report.Load);
        return
        [
            ["As the caller sees it", "requests", "failed", "p50", "p99", "requests/s"],
            ["direct to the service", $"{direct.Complete}", $"{direct.Failed}", Time(direct.P50Seconds), Time(direct.P99Seconds), Rate(direct.Rps)],
            ["through the sidecar", $"{through.Complete}", $"{through.Failed}", Time(through.P50Seconds), Time(through.P99Seconds), Rate(through.Rps)],
            [
                "the sidecar adds", "", "", Time(through.P50Seconds - direct.P50Seconds), Time(through.P99Seconds - direct.P99Seconds),
                string.Create(CultureInfo.InvariantCulture, $"x {through.Rps / direct.Rps:0.00}"),
            ],
        ];
    }

    private static string[][] Containers(DemoReport report)
    {
        (ContainerFigures sidecar, ContainerFigures service) = (report.Sidecar, report.Service);
        string[] Count(string name, Func<ContainerFigures, long> of) =>
            [name, of(sidecar).ToString(CultureInfo.InvariantCulture), of(service).ToString(CultureInfo.InvariantCulture)];
        string[] Times(string name, Func<ContainerFigures, HistogramFigures> of) => [name, Quantiles(of(sidecar)), Quantiles(of(service))];
        return
        [
            ["As the kernel sees it", "sidecar", "service"],
            Count("accepted", c => c.Accepted),
            Count("connected ok", c => c.ConnectedOk),
            Count("closed", c => c.Closed),
            Count("open", c => c.Open),
            Count("bytes in", c => c.ReceivedBytes),
            Count("bytes out", c => c.SentBytes),
            Count("requests on a reused connection", c => c.Reused),
            Times("accept queue p50 / p99", c => c.Queue),
            Times("forward (accept to connect) p50 / p99", c => c.Forward),
            Times("handoff (connect to accept) p50 / p99", c => c.Handoff),
        ];
    }

    private static void WriteRows(string[][] rows, TextWriter output, bool boxed)
    {
        if (!boxed)
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

        foreach (string[] row in rows[1..])
        {
            table.AddRow(row.Select(cell => new Text(cell)));
        }

        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) }).Write(table);
    }

    private static string Quantiles(HistogramFigures histogram) =>
        histogram.P50Seconds is { } p50 && histogram.P99Seconds is { } p99 ? $"{Time(p50)} / {Time(p99)}" : "-";

    private static string Rate(double perSecond) => perSecond.ToString("0", CultureInfo.InvariantCulture);

    private static string Time(double seconds) => Math.Abs(seconds) < 1e-3
        ? string.Create(CultureInfo.InvariantCulture, $"{seconds * 1e6:0} us")
        : string.Create(CultureInfo.InvariantCulture, $"{seconds * 1e3:0.00} ms");
}
