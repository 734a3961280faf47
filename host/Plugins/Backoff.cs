namespace Pmoas.Host.Plugins;

/// <summary>How long to wait before a faulted probe is tried again: 1 s, 2 s, 4 s … 60 s, each ± 20 %.</summary>
internal static class Backoff
{
    /// <summary>A probe that ran this long was well: its next fault counts as the first.</summary>
    public static readonly TimeSpan Well = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    /// <summary>The pause after so many faults in a row.</summary>
    /// <param name="faults">Faults in a row, from 1.</param>
    /// <param name="jitter">0 to 1, random: probes that fell together must not rise together.</param>
    public static TimeSpan Pause(int faults, double jitter)
    {
        TimeSpan pause = TimeSpan.FromSeconds(1L << Math.Min(faults - 1, 6));
        return (pause < Longest ? pause : Longest) * (0.8 + 0.4 * jitter);
    }
}
