using System.Globalization;

namespace Pmoas.Host.Plugins;

/// <summary>The running kernel's version.</summary>
internal static class KernelVersion
{
    /// <summary>The release as <c>uname -r</c> says it.</summary>
    public static string Release { get; } = File.ReadAllText("/proc/sys/kernel/osrelease").Trim();

    /// <summary>Major, minor and patch of this kernel.</summary>
    public static Version Current { get; } = Parse(Release);

    /// <summary>Reads the leading numbers of a release such as <c>6.1.0-28-cloud-amd64</c> or <c>6.18</c>.</summary>
    public static Version Parse(string release)
    {
        int[] parts = [.. release.Split('.', '-', '+', '_').Take(3)
            .Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0)];
        return new Version(parts.ElementAtOrDefault(0), parts.ElementAtOrDefault(1), parts.ElementAtOrDefault(2));
    }
}
