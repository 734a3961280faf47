using System.Globalization;
using System.Text;
using Pmoas.Host.Demo;

namespace Pmoas.Beds.Images;

/// <summary>The archive of all images, kept between runs and made again when anything it is made from has changed.</summary>
internal static class OfflineImages
{
    private static readonly SemaphoreSlim s_one = new(1);

    /// <summary>Names of all images in the archive.</summary>
    internal static IReadOnlyList<string> References { get; } =
        [OfflineImage.Pause, OfflineImage.Client, OfflineImage.Busybox, OfflineImage.Haproxy, OfflineImage.Nginx];

    /// <summary>Path of the archive; made when there is none or it is old. Safe to call from several tests and processes.</summary>
    /// <exception cref="DemoException">A program the images are made from is not installed, or a C program does not compile.</exception>
    internal static async Task<string> ArchiveAsync()
    {
        await s_one.WaitAsync();
        try
        {
            Directory.CreateDirectory(Built.Images);
            using FileStream alone = await LockAsync(Path.Combine(Built.Images, "lock"));
            return await MakeAsync();
        }
        finally
        {
            s_one.Release();
        }
    }

    private static async Task<string> MakeAsync()
    {
        string archive = Path.Combine(Built.Images, "images.tar");
        string madeFrom = Path.Combine(Built.Images, "made-from");
        foreach (string program in ImageCatalog.Programs)
        {
            await CompileAsync(Path.Combine(Built.Programs, $"{program}.c"), Path.Combine(Built.Images, program));
        }

        IReadOnlyList<OfflineImage> images = await ImageCatalog.AllAsync(Built.Images);
        string inputs = Describe(images);
        if (!File.Exists(archive) || !File.Exists(madeFrom) || await File.ReadAllTextAsync(madeFrom) != inputs)
        {
            File.Delete(madeFrom);
            ImageArchive.Write(archive, images);
            await File.WriteAllTextAsync(madeFrom, inputs);
        }

        return archive;
    }

    private static async Task CompileAsync(string source, string program)
    {
        if (!File.Exists(program) || File.GetLastWriteTimeUtc(program) < File.GetLastWriteTimeUtc(source))
        {
            await Subprocess.RunAsync("clang", ["-static", "-O2", "-Wall", "-Werror", "-o", program, source], CancellationToken.None);
        }
    }

    /// <summary>Everything the archive depends on. The version of this assembly stands for the way the archive is written.</summary>
    private static string Describe(IEnumerable<OfflineImage> images)
    {
        StringBuilder text = new();
        text.AppendLine(typeof(OfflineImages).Module.ModuleVersionId.ToString());
        foreach (OfflineImage image in images)
        {
            text.AppendLine(image.Reference);
            foreach ((string path, string source) in image.Files)
            {
                FileInfo file = new(source);
                FileInfo target = (FileInfo?)file.ResolveLinkTarget(returnFinalTarget: true) ?? file;
                text.AppendLine(CultureInfo.InvariantCulture, $"{path} {target.FullName} {target.Length} {target.LastWriteTimeUtc:O}");
            }
        }

        return text.ToString();
    }

    private static async Task<FileStream> LockAsync(string path)
    {
        const int Attempts = 600;
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (attempt < Attempts)
            {
                // Another test process makes them now.
                await Task.Delay(50);
            }
        }
    }
}
