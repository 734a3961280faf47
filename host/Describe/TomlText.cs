using System.Collections;
using System.Globalization;
using System.Text.Json;

namespace Pmoas.Host.Describe;

/// <summary>A default of an option as it is written in <c>pmoas.toml</c>.</summary>
internal static class TomlText
{
    private static readonly (string Unit, long Ticks)[] DurationUnits =
    [
        ("h", TimeSpan.TicksPerHour), ("m", TimeSpan.TicksPerMinute), ("s", TimeSpan.TicksPerSecond), ("ms", TimeSpan.TicksPerMillisecond),
        ("us", TimeSpan.TicksPerMicrosecond),
    ];

    /// <summary>The key of a property: <c>only_port</c>.</summary>
    internal static string Key(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);

    /// <summary>The value; null is the empty text.</summary>
    internal static string Value(object? value) => value switch
    {
        null => "\"\"",
        bool flag => flag ? "true" : "false",
        string text => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"",
        Enum choice => $"\"{Key(choice.ToString())}\"",
        TimeSpan time => $"\"{Duration(time)}\"",
        double number => number == Math.Floor(number) && Math.Abs(number) < 1e15
            ? number.ToString("0.0", CultureInfo.InvariantCulture)
            : number.ToString("R", CultureInfo.InvariantCulture),
        IDictionary table => table.Count == 0
            ? "{}"
            : $"{{ {string.Join(", ", table.Keys.Cast<object>().Select(key => $"{Value(key.ToString())} = {Value(table[key])}"))} }}",
        IEnumerable list => $"[{string.Join(", ", list.Cast<object?>().Select(Value))}]",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => throw new ArgumentException($"no TOML for a {value.GetType().Name}", nameof(value)),
    };

    private static string Duration(TimeSpan time)
    {
        if (time == TimeSpan.Zero)
        {
            return "0s";
        }

        (string unit, long ticks) = DurationUnits.FirstOrDefault(unit => time.Ticks % unit.Ticks == 0, DurationUnits[^1]);
        return ((double)time.Ticks / ticks).ToString("R", CultureInfo.InvariantCulture) + unit;
    }
}
