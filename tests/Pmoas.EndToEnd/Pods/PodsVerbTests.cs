using System.Text.Json;

namespace Pmoas.EndToEnd;

/// <summary><c>pmoas pods</c>: what the daemon would see, and why.</summary>
public sealed class PodsVerbTests : IDisposable
{
    private const string V1Memory = "/sys/fs/cgroup/memory";
    private readonly string _cgroup = $"/pmoas-pods-{Guid.NewGuid():N}";

    private string Folder => (Directory.Exists(V1Memory) ? V1Memory : "/sys/fs/cgroup") + _cgroup;

    public void Dispose() => Directory.Delete(Folder);

    [Fact]
    public async Task names_the_role_of_each_container_and_the_rule_that_decided_it()
    {
        Directory.CreateDirectory(Folder);
        using Site site = new();
        site.Write($$"""
            [[sidecars]]
            image = "haproxy:*"
            [[sources.static.pods]]
            namespace = "lab"
            name = "chain"
            containers = [ { name = "proxy", cgroup = "{{_cgroup}}", image = "haproxy:2.6" }, { name = "app", cgroup = "{{_cgroup}}-absent" } ]
            """);
        await using HostProcess pmoas = HostProcess.Start(site, "pods", arguments: ["-o", "json"]);

        Assert.Equal(0, await pmoas.ExitAsync());
        JsonElement rows = JsonDocument.Parse(pmoas.Output).RootElement;
        Assert.Equal(2, rows.GetArrayLength());
        Assert.Equal("sidecar", rows[0].GetProperty("role").GetString());
        Assert.Equal("rule 1 of pmoas.toml: image \"haproxy:*\"", rows[0].GetProperty("why").GetString());
        Assert.False(rows[1].TryGetProperty("role", out _));
        Assert.Equal("its cgroup does not exist", rows[1].GetProperty("why").GetString());
    }
}
