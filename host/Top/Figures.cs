namespace Pmoas.Host.Top;

/// <summary>Numbers as people read them: three digits or so and a unit; - where nothing is known.</summary>
internal static class Figures
{
    private const string Unknown = "-";

    /// <summary>A time, from seconds.</summary>
    internal static string Time(double? seconds) => seconds switch
    {
        null => Unknown,
        < 1e-3 => Text($"{seconds * 1e6:0} µs"),
        < 1 => Text($"{seconds * 1e3:0.00} ms"),
        _ => Text($"{seconds:0.00} s"),
    };

    /// <summary>A share of one, in percent.</summary>
    internal static string Share(double? share) => share is null ? Unknown : Text($"{share * 100:0.0} %");

    /// <summary>CPU time a second.</summary>
    internal static string Cores(double? cores) => cores is null ? Unknown : Text($"{cores:0.000}");

    /// <summary>A number of things a second, or of things.</summary>
    internal static string Rate(double? rate) => rate switch
    {
        null => Unknown,
        0 => "0",
        < 10 => Text($"{rate:0.00}"),
        _ => Text($"{rate:0}"),
    };

    /// <summary>Bytes.</summary>
    internal static string Bytes(double? bytes) => bytes switch
    {
        null => Unknown,
        < 1024 => Text($"{bytes:0} B"),
        < 1024 * 1024 => Text($"{bytes / 1024:0.0} KiB"),
        < 1024 * 1024 * 1024 => Text($"{bytes / 1024 / 1024:0.0} MiB"),
        _ => Text($"{bytes / 1024 / 1024 / 1024:0.0} GiB"),
    };

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
