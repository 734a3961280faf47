using System.Globalization;

namespace Pmoas.Host.Pods.Sources.Cri;

/// <summary>Whose streams of events may be listened to.</summary>
internal static class CriEvents
{
    /// <summary>
    /// True when the runtime is known to send each event to all who listen. containerd before 2.0 and CRI-O before 1.28 deal them out among the
    /// listeners: to listen there would take events away from a kubelet with evented PLEG.
    /// </summary>
    /// <param name="runtime">Name of the runtime, from its Version.</param>
    /// <param name="version">Its version, such as <c>v2.0.1</c> or <c>1.7.24~ds1</c>.</param>
    public static bool AreForEveryone(string runtime, string version)
    {
        string[] numbers = version.TrimStart('v').Split('.', 3);
        if (numbers.Length < 2 || !int.TryParse(numbers[0], CultureInfo.InvariantCulture, out int major)
            || !int.TryParse(numbers[1], CultureInfo.InvariantCulture, out int minor))
        {
            return false;
        }
        return runtime switch
        {
            "containerd" => major >= 2,
            "cri-o" => (major, minor).CompareTo((1, 28)) >= 0,
            _ => false,
        };
    }
}
