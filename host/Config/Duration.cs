using System.Globalization;
using System.Text.RegularExpressions;

namespace Pmoas.Host.Config;

/// <summary>Durations as Prometheus writes them, with <c>us</c> added: <c>50us</c>, <c>10ms</c>, <c>5s</c>, <c>1h30m</c>, <c>7d</c>.</summary>
internal static partial class Duration
{
    /// <summary>What is allowed, for messages.</summary>
    public const string Form = "a duration in quotes such as \"50us\", \"10ms\", \"5s\", \"1h30m\"";

    private static readonly (string Unit, long Ticks)[] Units =
    [
        ("w", TimeSpan.TicksPerDay * 7), ("d", TimeSpan.TicksPerDay), ("h", TimeSpan.TicksPerHour), ("m", TimeSpan.TicksPerMinute),
        ("s", TimeSpan.TicksPerSecond), ("ms", TimeSpan.TicksPerMillisecond), ("us", TimeSpan.TicksPerMicrosecond),
    ];

    /// <summary>Reads a duration; false when it is none, or longer than a <see cref="TimeSpan"/> can be.</summary>
    public static bool TryParse(string text, out TimeSpan value)
    {
        value = default;
        if (text == "0")
        {
            return true;
        }
        Match match = Parts().Match(text);
        if (!match.Success)
        {
            return false;
        }
        decimal ticks = 0;
        for (int i = 0; i < match.Groups["unit"].Captures.Count; i++)
        {
            string unit = match.Groups["unit"].Captures[i].Value;
            if (!decimal.TryParse(match.Groups["number"].Captures[i].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number)
                || number > 1e15m) // far beyond any TimeSpan, and the product below still fits
            {
                return false;
            }
            ticks += number * Units.First(u => u.Unit == unit).Ticks;
            if (ticks > long.MaxValue)
            {
                return false;
            }
        }
        value = TimeSpan.FromTicks((long)ticks);
        return true;
    }

    /// <summary>The shortest text that reads back as the same duration, to the microsecond.</summary>
    public static string Format(TimeSpan value)
    {
        (string unit, long ticks) = Units.FirstOrDefault(u => value.Ticks % u.Ticks == 0, Units[^1]);
        return value == TimeSpan.Zero ? "0s" : string.Create(CultureInfo.InvariantCulture, $"{value.Ticks / ticks}{unit}");
    }

    [GeneratedRegex(@"^(?:(?<number>\d+(?:\.\d+)?)(?<unit>us|ms|s|m|h|d|w))+\z")]
    private static partial Regex Parts();
}
