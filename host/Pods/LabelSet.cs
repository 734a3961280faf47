namespace Pmoas.Host.Pods;

/// <summary>Labels or annotations as sets: by content, for a source makes new ones at each look.</summary>
internal static class LabelSet
{
    /// <summary>True when both hold the same keys with the same values.</summary>
    public static bool Same(IReadOnlyDictionary<string, string> a, IReadOnlyDictionary<string, string> b) =>
        ReferenceEquals(a, b) || (a.Count == b.Count && a.All(one => b.TryGetValue(one.Key, out string? value) && value == one.Value));

    /// <summary>All of both; where they differ the first is believed.</summary>
    public static IReadOnlyDictionary<string, string> Both(IReadOnlyDictionary<string, string> first, IReadOnlyDictionary<string, string> second)
    {
        if (second.Count == 0 || ReferenceEquals(first, second))
        {
            return first;
        }
        if (first.Count == 0)
        {
            return second;
        }
        Dictionary<string, string> both = new(second, StringComparer.Ordinal);
        foreach ((string key, string value) in first)
        {
            both[key] = value;
        }
        return both;
    }
}
