using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Pmoas.Beds.Images;

/// <summary>A docker-archive, as <c>docker save</c> writes it: containerd imports it and Docker loads it.</summary>
internal static class ImageArchive
{
    private const UnixFileMode ReadExecute = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>Writes all images into one archive.</summary>
    internal static void Write(string path, IEnumerable<OfflineImage> images)
    {
        using FileStream file = File.Create(path);
        using TarWriter tar = new(file, TarEntryFormat.Ustar);
        List<object> manifest = [];
        foreach (OfflineImage image in images)
        {
            byte[] layer = Layer(image);
            string layerId = Digest(layer);
            byte[] config = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object>
            {
                ["architecture"] = "amd64",
                ["os"] = "linux",
                ["created"] = "2024-01-01T00:00:00Z",
                ["config"] = new Dictionary<string, object>
                {
                    ["Entrypoint"] = image.Entrypoint,
                    ["Env"] = (string[])["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
                    ["WorkingDir"] = "/",
                },
                ["rootfs"] = new Dictionary<string, object> { ["type"] = "layers", ["diff_ids"] = (string[])[$"sha256:{layerId}"] },
            });
            string configName = $"{Digest(config)}.json";
            WriteEntry(tar, $"{layerId}/layer.tar", layer);
            WriteEntry(tar, configName, config);
            manifest.Add(new Dictionary<string, object>
            {
                ["Config"] = configName,
                ["RepoTags"] = (string[])[image.Reference],
                ["Layers"] = (string[])[$"{layerId}/layer.tar"],
            });
        }

        WriteEntry(tar, "manifest.json", JsonSerializer.SerializeToUtf8Bytes(manifest));
    }

    private static byte[] Layer(OfflineImage image)
    {
        using MemoryStream layer = new();
        using (TarWriter tar = new(layer, TarEntryFormat.Ustar, leaveOpen: true))
        {
            string[] paths = [.. image.Files.Keys, .. image.Texts.Keys, .. image.Links.Keys];
            foreach (string folder in paths.SelectMany(Parents).Concat(image.Folders.SelectMany(folder => Parents($"{folder}/."))).Order(StringComparer.Ordinal).Distinct())
            {
                tar.WriteEntry(new UstarTarEntry(TarEntryType.Directory, folder[1..] + "/") { Mode = ReadExecute, ModificationTime = DateTimeOffset.UnixEpoch });
            }

            foreach ((string path, string source) in image.Files)
            {
                WriteEntry(tar, path[1..], File.ReadAllBytes(source));
            }

            foreach ((string path, string text) in image.Texts)
            {
                WriteEntry(tar, path[1..], Encoding.UTF8.GetBytes(text));
            }

            foreach ((string path, string target) in image.Links)
            {
                tar.WriteEntry(new UstarTarEntry(TarEntryType.SymbolicLink, path[1..]) { LinkName = target, ModificationTime = DateTimeOffset.UnixEpoch });
            }
        }

        return layer.ToArray();
    }

    private static IEnumerable<string> Parents(string path)
    {
        for (string? folder = Path.GetDirectoryName(path); folder is not (null or "/"); folder = Path.GetDirectoryName(folder))
        {
            yield return folder;
        }
    }

    private static void WriteEntry(TarWriter tar, string name, byte[] content)
    {
        using MemoryStream data = new(content);
        tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { Mode = ReadExecute, ModificationTime = DateTimeOffset.UnixEpoch, DataStream = data });
    }

    private static string Digest(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));
}
