using System.Globalization;

namespace Pmoas.Host.Demo;

/// <summary>
/// How long to wait for what ought to be quick. On an emulated machine everything takes some twenty times as long:
/// the variable <c>PMOAS_PATIENCE</c> of the environment multiplies every limit, and makes nothing slower that is in time.
/// </summary>
internal static class Patience
{
    private static readonly double Factor =
        double.TryParse(Environment.GetEnvironmentVariable("PMOAS_PATIENCE"), CultureInfo.InvariantCulture, out double factor) && factor > 1 ? factor : 1;

    /// <summary>True where the limits are longer: nothing that depends on the machine's speed can be asserted.</summary>
    internal static bool IsLong => Factor > 1;

    /// <summary>The limit that takes the place of this one here.</summary>
    internal static TimeSpan Of(TimeSpan limit) => limit * Factor;
}
