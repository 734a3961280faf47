using System.Globalization;
using System.Text;
using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Live;

/// <summary>
/// One line an event for people: time, what, pod and container in columns, then <c>name=value</c>. Colours only where a terminal
/// shows them.
/// </summary>
internal sealed class LiveText(LiveFilter filter, IContainerIndex containers, TextWriter output, bool colour) : LiveOutput(filter, containers)
{
    private const string Dim = "\e[2m", Reset = "\e[0m";
    private const int WhatWidth = 10, ContainerWidth = 34;

    /// <summary>Cyan, green, yellow, magenta, blue: red is left for errors.</summary>
    private static readonly string[] Palette = ["\e[36m", "\e[32m", "\e[33m", "\e[35m", "\e[34m"];

    private readonly StringBuilder _head = new(128);
    private readonly StringBuilder _fields = new(256);
    private readonly StringBuilder _container = new(64);

    /// <inheritdoc/>
    public override void Text(string name, ReadOnlySpan<char> value)
    {
        Name(name);
        _fields.Append(value);
    }

    /// <inheritdoc/>
    public override void Number(string name, long value)
    {
        Name(name);
        _fields.Append(CultureInfo.InvariantCulture, $"{value}");
    }

    /// <inheritdoc/>
    public override void Duration(string name, ulong nanoseconds)
    {
        Name(name);
        _ = nanoseconds switch
        {
            < 1_000 => _fields.Append(CultureInfo.InvariantCulture, $"{nanoseconds}ns"),
            < 1_000_000 => _fields.Append(CultureInfo.InvariantCulture, $"{nanoseconds / 1e3:0.0}µs"),
            < 1_000_000_000 => _fields.Append(CultureInfo.InvariantCulture, $"{nanoseconds / 1e6:0.00}ms"),
            _ => _fields.Append(CultureInfo.InvariantCulture, $"{nanoseconds / 1e9:0.000}s"),
        };
    }

    /// <inheritdoc/>
    protected override void FlushOutput() => output.Flush();

    /// <inheritdoc/>
    protected override void BeginLine(DateTime utc, string what)
    {
        _head.Clear();
        _fields.Clear();
        _container.Clear();
        Paint(_head, Dim).Append(CultureInfo.InvariantCulture, $"{utc.ToLocalTime():HH:mm:ss.ffffff} ");
        Paint(_head, Reset);
        Paint(_head, ColourOf(what)).Append(what).Append(' ', Math.Max(1, WhatWidth - what.Length));
        Paint(_head, Reset);
    }

    /// <inheritdoc/>
    protected override void WriteContainer(Container container) => _container
        .Append(container.Namespace).Append('/').Append(container.Pod).Append('/').Append(container.Name)
        .Append(" (").Append(RoleText.Of(container.Role)).Append(')');

    /// <inheritdoc/>
    protected override void EndLine()
    {
        _container.Append(' ', Math.Max(0, ContainerWidth - _container.Length));
        output.Write(_head);
        output.Write(_container);
        output.Write(_fields);
        output.Write('\n');
    }

    private void Name(string name)
    {
        _fields.Append(' ');
        Paint(_fields, Dim).Append(name).Append('=');
        Paint(_fields, Reset);
    }

    private StringBuilder Paint(StringBuilder text, string code) => colour ? text.Append(code) : text;

    private static string ColourOf(string what)
    {
        uint sum = 0;
        foreach (char letter in what)
        {
            sum = sum * 31 + letter;
        }

        return Palette[sum % (uint)Palette.Length];
    }
}
