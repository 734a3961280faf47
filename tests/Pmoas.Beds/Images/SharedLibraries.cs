using System.Text.RegularExpressions;
using Pmoas.Host.Demo;

namespace Pmoas.Beds.Images;

/// <summary>What a dynamically linked program loads at its start.</summary>
internal static partial class SharedLibraries
{
    /// <summary>Paths of the libraries and of the loader, as <c>ldd</c> tells them.</summary>
    internal static async Task<IReadOnlyList<string>> OfAsync(string program) =>
    [
        .. LibraryPath().Matches(await Subprocess.RunAsync("ldd", [program], CancellationToken.None)).Select(match => match.Groups[1].Value),
    ];

    [GeneratedRegex(@"(?:=> |^\s+)(/\S+) \(0x", RegexOptions.Multiline)]
    private static partial Regex LibraryPath();
}
