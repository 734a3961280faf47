using System.Text;

namespace Pmoas.Host.Live;

/// <summary>
/// The parts of an event for people: a column each and a row for each step, with the time since the step before, the slowest of all marked; below them
/// the fields of each part.
/// </summary>
internal sealed class LiveParts
{
    private const string Indent = "    ", Between = "   ", Slowest = " ←";

    private readonly List<Part> _parts = [];
    private readonly List<string> _rows = [];
    private readonly StringBuilder _line = new(160);
    private int _row;

    /// <summary>Where the fields of the part go that has begun; null when none has.</summary>
    internal StringBuilder? Fields => _parts.Count > 0 ? _parts[^1].Fields : null;

    /// <summary>Begins a part.</summary>
    internal void Begin(string name)
    {
        _parts.Add(new Part(name));
        _row = -1;
    }

    /// <summary>Adds a step to it. One that no part before had is in the row after that of the step before.</summary>
    internal void Add(string name, ulong nanoseconds)
    {
        int row = _rows.IndexOf(name);
        if (row < 0)
        {
            _rows.Insert(row = _row + 1, name);
        }

        _row = row;
        _parts[^1].Steps[name] = nanoseconds;
        _parts[^1].Last = name;
    }

    /// <summary>Adds a call stack to the last step.</summary>
    internal void AddStack(IReadOnlyList<string> functions) => _parts[^1].Stacks.Add((_parts[^1].Last, functions));

    /// <summary>Forgets all.</summary>
    internal void Clear()
    {
        _parts.Clear();
        _rows.Clear();
    }

    /// <summary>Writes all; nothing when there are no parts.</summary>
    internal void WriteTo(TextWriter output, bool colour)
    {
        if (_parts.Count == 0)
        {
            return;
        }

        ulong slowest = _parts.Max(part => part.Steps.Values.DefaultIfEmpty().Max());
        int names = Math.Max(_rows.Select(row => row.Length).DefaultIfEmpty().Max(), _parts.Max(part => part.Name.Length));
        int[] widths = [.. _parts.Select(part => Math.Max(part.Name.Length, part.Steps.Values.DefaultIfEmpty().Max(time => Cell(time).Length) + Slowest.Length))];
        WriteRow("", part => (part.Name, false));
        foreach (string row in _rows)
        {
            WriteRow(row, part => part.Steps.TryGetValue(row, out ulong time) ? (Cell(time), time == slowest && time > 0) : ("", false));
        }

        foreach (Part part in _parts)
        {
            Write(Indent + part.Name.PadRight(names) + Between[1..] + part.Fields); // each field begins with a space
            foreach ((string step, IReadOnlyList<string> functions) in part.Stacks)
            {
                Write($"{Indent}  {step}");
                foreach (string function in functions)
                {
                    Write($"{Indent}    {(colour ? Ansi.Dim : "")}{function}{(colour ? Ansi.Reset : "")}");
                }
            }
        }

        void WriteRow(string name, Func<Part, (string Text, bool IsSlowest)> cell)
        {
            _line.Clear().Append(Indent).Append(name.PadRight(names));
            for (int i = 0; i < _parts.Count; i++)
            {
                (string text, bool isSlowest) = cell(_parts[i]);
                text += isSlowest ? Slowest : "";
                _line.Append(Between).Append(isSlowest && colour ? Ansi.Mark : "").Append(text).Append(isSlowest && colour ? Ansi.Reset : "").Append(' ', widths[i] - text.Length);
            }

            Write(_line.ToString().TrimEnd());
        }

        void Write(string text)
        {
            output.Write(text);
            output.Write('\n');
        }
    }

    /// <summary>The first step of a part takes no time.</summary>
    private static string Cell(ulong nanoseconds) => nanoseconds == 0 ? "·" : LiveText.AppendDuration(new StringBuilder("+"), nanoseconds).ToString();

    private sealed class Part(string name)
    {
        internal string Name { get; } = name;

        internal StringBuilder Fields { get; } = new();

        internal Dictionary<string, ulong> Steps { get; } = [];

        internal string Last { get; set; } = "";

        internal List<(string Step, IReadOnlyList<string> Functions)> Stacks { get; } = [];
    }
}
