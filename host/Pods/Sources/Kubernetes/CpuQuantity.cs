using System.Globalization;

namespace Pmoas.Host.Pods.Sources.Kubernetes;

/// <summary>An amount of CPU as Kubernetes writes it: <c>500m</c>, <c>1</c>, <c>0.25</c>, <c>1e-1</c>. Pure.</summary>
internal static class CpuQuantity
{
    /// <summary>Cores; null for what is none.</summary>
    public static double? Cores(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        double unit = text[^1] switch { 'n' => 1e9, 'u' => 1e6, 'm' => 1e3, _ => 1 };
        ReadOnlySpan<char> number = unit > 1 ? text.AsSpan(0, text.Length - 1) : text;
        return double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value) && value >= 0
            ? value / unit
            : null;
    }
}
