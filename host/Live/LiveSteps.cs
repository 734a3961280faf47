using System.Text;

namespace Pmoas.Host.Live;

/// <summary>The steps of an event for people: one below the other, each with a bar of its share of the whole, the slowest marked.</summary>
internal sealed class LiveSteps
{
    private const int BarWidth = 40;

    private readonly List<(string Name, ulong Nanoseconds)> _steps = [];
    private readonly Dictionary<int, IReadOnlyList<string>> _stacks = [];
    private readonly StringBuilder _line = new(160);

    /// <summary>Adds a step.</summary>
    internal void Add(string name, ulong nanoseconds) => _steps.Add((name, nanoseconds));

    /// <summary>Adds a call stack to the last step.</summary>
    internal void AddStack(IReadOnlyList<string> functions) => _stacks[_steps.Count - 1] = functions;

    /// <summary>Forgets all.</summary>
    internal void Clear()
    {
        _steps.Clear();
        _stacks.Clear();
    }

    /// <summary>Writes a line for each; nothing when there are none.</summary>
    internal void WriteTo(TextWriter output, bool colour)
    {
        ulong whole = 0;
        int widest = 0, slowest = 0;
        for (int i = 0; i < _steps.Count; i++)
        {
            whole += _steps[i].Nanoseconds;
            widest = Math.Max(widest, _steps[i].Name.Length);
            slowest = _steps[i].Nanoseconds > _steps[slowest].Nanoseconds ? i : slowest;
        }

        for (int i = 0; i < _steps.Count; i++)
        {
            (string name, ulong nanoseconds) = _steps[i];
            bool marked = i == slowest && nanoseconds > 0;
            _line.Clear().Append("    ").Append(marked && colour ? Ansi.Mark : "").Append(name).Append(' ', widest - name.Length);
            int time = _line.Append("  +").Length;
            LiveText.AppendDuration(_line, nanoseconds);
            _line.Append(' ', Math.Max(1, 10 - (_line.Length - time)))
                .Append('█', whole == 0 ? 0 : (int)((BarWidth * nanoseconds / whole) + (nanoseconds > 0 ? 1UL : 0UL)))
                .Append(marked ? " ← slowest" : "").Append(marked && colour ? Ansi.Reset : "").Append('\n');
            output.Write(_line);
            foreach (string function in _stacks.GetValueOrDefault(i, []))
            {
                output.Write(_line.Clear().Append("      ").Append(colour ? Ansi.Dim : "").Append(function).Append(colour ? Ansi.Reset : "").Append('\n'));
            }
        }
    }
}
