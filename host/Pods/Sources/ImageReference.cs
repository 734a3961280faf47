namespace Pmoas.Host.Pods.Sources;

/// <summary>Names of images as runtimes write them.</summary>
internal static class ImageReference
{
    /// <summary>The first that names an image; empty when none does.</summary>
    public static string First(params ReadOnlySpan<string> references)
    {
        foreach (string reference in references)
        {
            if (reference.Length > 0 && !IsId(reference))
            {
                return reference;
            }
        }
        return "";
    }

    /// <summary>True for an image's id, <c>sha256:</c> and 64 hexadecimal digits or these alone: no user wrote that.</summary>
    public static bool IsId(string reference)
    {
        string id = reference.StartsWith("sha256:", StringComparison.Ordinal) ? reference["sha256:".Length..] : reference;
        return id.Length == 64 && id.All(char.IsAsciiHexDigitLower);
    }
}
