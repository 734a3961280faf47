using Pmoas.Host.Verbs;

namespace Pmoas.Host.Top;

/// <summary>Tables as plain lines, for a pipe.</summary>
internal static class TopText
{
    /// <summary>Writes aligned columns; several tables have their titles over them and an empty line between.</summary>
    internal static void Write(IReadOnlyList<TopTable> tables, TextWriter output)
    {
        for (int i = 0; i < tables.Count; i++)
        {
            if (tables.Count > 1)
            {
                output.WriteLine(i == 0 ? tables[i].Title : $"\n{tables[i].Title}");
            }

            Listing list = new([.. tables[i].Columns.Select(column => column.Name)]);
            foreach (IReadOnlyList<string> row in tables[i].Rows)
            {
                list.Add([.. row]);
            }

            list.WritePlain(output);
        }
    }
}
