using System.Globalization;

namespace Pmoas.Host.Config;

/// <summary>What a TOML document says and where it says it. Tomlyn parses; this keeps the places, so that mistakes can be pointed at.</summary>
internal abstract class TomlValue(Position at)
{
    /// <summary>Where the value starts; for <c>[a.b]</c> the name between the brackets.</summary>
    public Position At { get; } = at;

    /// <summary>What the user would call it, with an article.</summary>
    public abstract string Kind { get; }
}

/// <summary>Text, a number, true or false, or a date.</summary>
/// <param name="value"><see cref="string"/>, <see cref="long"/>, <see cref="double"/>, <see cref="bool"/> or Tomlyn's date.</param>
/// <param name="at">Where it starts.</param>
internal sealed class TomlScalar(object value, Position at) : TomlValue(at)
{
    /// <summary>The value as parsed.</summary>
    public object Value { get; } = value;

    /// <inheritdoc/>
    public override string Kind => Value switch
    {
        string => "text",
        long => "an integer",
        double => "a number",
        bool => "a boolean",
        _ => "a date",
    };

    /// <summary>The value as a message shows it: text in quotes.</summary>
    public override string ToString() => Value switch
    {
        string text => $"\"{text}\"",
        bool yes => yes ? "true" : "false",
        _ => string.Create(CultureInfo.InvariantCulture, $"{Value}"),
    };
}

/// <summary>An array, or an array of tables.</summary>
internal sealed class TomlList(Position at) : TomlValue(at)
{
    /// <summary>The items in the order of the file.</summary>
    public List<TomlValue> Items { get; } = [];

    /// <inheritdoc/>
    public override string Kind => "an array";

    /// <summary>Its content in one form, whatever the layout in the file: equal strings mean equal content.</summary>
    public override string ToString() => $"[{string.Join(", ", Items)}]";
}

/// <summary>A table.</summary>
internal sealed class TomlSection(Position at) : TomlValue(at)
{
    /// <summary>The keys and where each stands.</summary>
    public Dictionary<string, TomlEntry> Entries { get; } = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public override string Kind => "a table";

    /// <summary>Its content in one form, whatever order and layout the file has: equal strings mean equal content.</summary>
    public override string ToString() =>
        $"{{{string.Join(", ", Entries.OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => $"{e.Key} = {e.Value.Value}"))}}}";
}

/// <summary>One key of a table.</summary>
/// <param name="KeyAt">Where the key stands.</param>
/// <param name="Value">What it is set to.</param>
internal readonly record struct TomlEntry(Position KeyAt, TomlValue Value);
