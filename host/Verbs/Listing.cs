using Spectre.Console;

namespace Pmoas.Host.Verbs;

/// <summary>A table on standard output: drawn for a terminal, aligned plain lines when piped, so that <c>grep</c> and <c>awk</c> work.</summary>
internal sealed class Listing(params string[] columns)
{
    private readonly List<string[]> _rows = [];

    /// <summary>Adds a row: one text a column.</summary>
    public void Add(params string[] cells) => _rows.Add(cells);

    /// <summary>Writes the table.</summary>
    public void Write()
    {
        if (Console.IsOutputRedirected)
        {
            WritePlain(Console.Out);
            return;
        }

        Table table = new() { Border = TableBorder.Rounded };
        foreach (string column in columns)
        {
            table.AddColumn(new TableColumn(Markup.Escape(column)));
        }

        foreach (string[] row in _rows)
        {
            table.AddRow([.. row.Select(cell => new Text(cell))]);
        }

        AnsiConsole.Write(table);
    }

    /// <summary>Writes aligned columns, two spaces apart.</summary>
    public void WritePlain(TextWriter output)
    {
        int[] widths = [.. columns.Select((column, i) => _rows.Select(row => row[i].Length).Append(column.Length).Max())];
        foreach (string[] row in _rows.Prepend([.. columns.Select(column => column.ToUpperInvariant())]))
        {
            output.WriteLine(string.Join("  ", row.Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd());
        }
    }
}
