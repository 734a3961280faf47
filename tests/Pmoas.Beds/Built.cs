using System.Reflection;

namespace Pmoas.Beds;

/// <summary>Folders the build told this assembly.</summary>
internal static class Built
{
    /// <summary>Where the images are kept between runs.</summary>
    internal static string Images { get; } = Path("Images");

    /// <summary>Sources of the small C programs in the images.</summary>
    internal static string Programs { get; } = Path("Programs");

    private static string Path(string key) => typeof(Built).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .First(metadata => metadata.Key == key).Value!;
}
