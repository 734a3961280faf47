using System.Globalization;
using System.Text;
using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Live;

/// <summary>
/// One line an event for people: time, what, container, then <c>name=value</c>, each in a column that grows with the widest text
/// shown so far. Colours only where a terminal shows them.
/// </summary>
internal sealed class LiveText(LiveFilter filter, IContainerIndex containers, TextWriter output, bool colour) : LiveOutput(filter, containers)
{
    /// <summary>A text wider than this does not widen its column: one long address shall not push all later lines apart.</summary>
    private const int WidestColumn = 80;

    /// <summary>Cyan, green, yellow, magenta, blue: red is left for errors.</summary>
    private static readonly string[] Palette = ["\e[36m", "\e[32m", "\e[33m", "\e[35m", "\e[34m"];

    private readonly StringBuilder _head = new(128);
    private readonly StringBuilder _container = new(64);
    private readonly StringBuilder _fields = new(256);
    private readonly LiveSteps _steps = new();
    private readonly LiveParts _parts = new();
    private readonly Dictionary<string, string> _colours = [];
    private readonly Dictionary<string, int> _widths = [];
    private string _field = "";
    private int _valueBegins;

    /// <inheritdoc/>
    protected override void WriteText(string name, ReadOnlySpan<char> value)
    {
        Name(name).Append(value);
    }

    /// <inheritdoc/>
    public override void Number(string name, long value)
    {
        Name(name).Append(CultureInfo.InvariantCulture, $"{value}");
    }

    /// <inheritdoc/>
    protected override void WriteDuration(string name, ulong nanoseconds)
    {
        AppendDuration(Name(name), nanoseconds);
    }

    /// <inheritdoc/>
    public override void Step(string name, ulong nanoseconds)
    {
        if (_parts.Fields is null)
        {
            _steps.Add(name, nanoseconds);
        }
        else
        {
            _parts.Add(name, nanoseconds);
        }
    }

    /// <inheritdoc/>
    public override void Stack(IReadOnlyList<string> functions)
    {
        if (_parts.Fields is null)
        {
            _steps.AddStack(functions);
        }
        else
        {
            _parts.AddStack(functions);
        }
    }

    /// <inheritdoc/>
    public override void Part(string name) => _parts.Begin(name);

    /// <summary>Appends a time with the unit that fits it.</summary>
    internal static StringBuilder AppendDuration(StringBuilder text, ulong nanoseconds) => nanoseconds switch
    {
        < 1_000 => text.Append(CultureInfo.InvariantCulture, $"{nanoseconds}ns"),
        < 1_000_000 => text.Append(CultureInfo.InvariantCulture, $"{nanoseconds / 1e3:0.0}µs"),
        < 1_000_000_000 => text.Append(CultureInfo.InvariantCulture, $"{nanoseconds / 1e6:0.00}ms"),
        _ => text.Append(CultureInfo.InvariantCulture, $"{nanoseconds / 1e9:0.000}s"),
    };

    /// <inheritdoc/>
    protected override void FlushOutput() => output.Flush();

    /// <inheritdoc/>
    protected override void BeginLine(DateTime utc, string what)
    {
        _head.Clear();
        _fields.Clear();
        _container.Clear();
        _steps.Clear();
        _parts.Clear();
        _field = "";
        Paint(_head, Ansi.Dim).Append(CultureInfo.InvariantCulture, $"{utc.ToLocalTime():HH:mm:ss.ffffff} ");
        Paint(_head, Ansi.Reset);
        Paint(_head, ColourOf(what)).Append(what);
        Paint(_head, Ansi.Reset);
        Pad(_head, "event", what.Length);
    }

    /// <inheritdoc/>
    protected override void WriteContainer(Container container)
    {
        if (_parts.Fields is not null)
        {
            Name("container").Append(container.Name);
            return;
        }

        _container.Append(container.Namespace).Append('/').Append(container.Pod).Append('/').Append(container.Name)
            .Append(" (").Append(RoleText.Of(container.Role)).Append(')');
    }

    /// <inheritdoc/>
    protected override void EndLine()
    {
        Pad(_container, "container", _container.Length);
        output.Write(_head);
        output.Write(' ');
        output.Write(_container);
        output.Write(_fields);
        output.Write('\n');
        _steps.WriteTo(output, colour);
        _parts.WriteTo(output, colour);
    }

    /// <summary>Begins a field, and tells where its value goes.</summary>
    private StringBuilder Name(string name)
    {
        if (_parts.Fields is { } fields)
        {
            Paint(fields.Append(' '), Ansi.Dim).Append(name).Append('=');
            return Paint(fields, Ansi.Reset);
        }

        if (_field.Length > 0)
        {
            Pad(_fields, _field, _fields.Length - _valueBegins);
        }

        _fields.Append(' ');
        Paint(_fields, Ansi.Dim).Append(name).Append('=');
        Paint(_fields, Ansi.Reset);
        (_field, _valueBegins) = (name, _fields.Length);
        return _fields;
    }

    /// <summary>Fills a column up to the widest text it has had.</summary>
    private void Pad(StringBuilder text, string column, int width)
    {
        int widest = Math.Max(_widths.GetValueOrDefault(column), Math.Min(width, WidestColumn));
        _widths[column] = widest;
        text.Append(' ', Math.Max(0, widest - width));
    }

    private StringBuilder Paint(StringBuilder text, string code) => colour ? text.Append(code) : text;

    /// <summary>In the order events are first seen, so that kinds shown together differ.</summary>
    private string ColourOf(string what)
    {
        if (!_colours.TryGetValue(what, out string? code))
        {
            _colours.Add(what, code = Palette[_colours.Count % Palette.Length]);
        }

        return code;
    }
}
