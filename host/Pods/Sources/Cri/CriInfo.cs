using System.Text.Json;

namespace Pmoas.Host.Pods.Sources.Cri;

/// <summary>What a runtime tells of a running container beyond the API. What it does not tell is empty.</summary>
/// <param name="Pid">First process, as the runtime's pid namespace numbers it; 0 when unknown.</param>
/// <param name="CgroupsPath">Where the runtime was told to make the cgroup: a path, or systemd's <c>slice:prefix:name</c>.</param>
/// <param name="Image">Image reference as somebody wrote it.</param>
internal sealed record CriInfo(int Pid, string CgroupsPath, string Image)
{
    /// <summary>Nothing is known.</summary>
    public static CriInfo None { get; } = new(0, "", "");

    /// <summary>Reads the <c>info</c> of a verbose status, as containerd and CRI-O write it.</summary>
    public static CriInfo Parse(IReadOnlyDictionary<string, string> info)
    {
        if (!info.TryGetValue("info", out string? json))
        {
            return None;
        }
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            JsonElement? spec = Member(root, "runtimeSpec");
            JsonElement? image = Member(Member(root, "config"), "image");
            JsonElement? annotations = Member(spec, "annotations");
            int pid = Member(root, "pid") is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out int value) ? value : 0;
            return new CriInfo(
                pid,
                Text(Member(spec, "linux"), "cgroupsPath"),
                ImageReference.First(
                    Text(image, "user_specified_image"), Text(image, "image"), Text(annotations, "io.kubernetes.cri.image-name"),
                    Text(annotations, "io.kubernetes.cri-o.ImageName")));
        }
        catch (JsonException)
        {
            return None; // no documented form: a runtime may write what it likes
        }
    }

    private static JsonElement? Member(JsonElement? of, string name) =>
        of is { ValueKind: JsonValueKind.Object } element && element.TryGetProperty(name, out JsonElement member) ? member : null;

    private static string Text(JsonElement? of, string name) =>
        Member(of, name) is { ValueKind: JsonValueKind.String } text ? text.GetString() ?? "" : "";
}
