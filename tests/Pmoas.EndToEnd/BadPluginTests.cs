using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Pmoas.EndToEnd;

/// <summary>Every way a plugin can be bad: a state and a sentence, and the daemon goes on.</summary>
public sealed class BadPluginTests
{
    [Theory]
    [InlineData("constructor", "faulted", "BadProbe's constructor threw InvalidOperationException: told to throw in constructor")]
    [InlineData("manifest", "faulted", "Manifest threw InvalidOperationException: told to throw in manifest")]
    [InlineData("name", "faulted", "the manifest's name is \"good_probe\" but the folder's name makes it \"bad_probe\"")]
    [InlineData("resource", "faulted", "the manifest names the kernel object \"absent.bpf.o\" but the DLL embeds bad_probe.bpf.o, rejected.bpf.o")]
    [InlineData("kernel", "unsupported", "needs kernel 99.0 or newer")]
    [InlineData("field", "faulted", "absent")]
    [InlineData("configure", "faulted", "Configure threw InvalidOperationException: told to throw in configure")]
    [InlineData("verifier", "faulted", "map_value_or_null")]
    [InlineData("start", "faulted", "Start threw InvalidOperationException: told to throw in start")]
    public async Task a_plugin_that_fails_before_it_runs_is_told_once_and_the_daemon_goes_on(string badAt, string state, string reason)
    {
        using Site site = new();
        site.Install(Built.BadProbe, "BadProbe");
        site.Write("[plugins.bad_probe]");
        await using HostProcess daemon = await HostProcess.RunAsync(site, badAt);

        await daemon.UntilMetricAsync($"pmoas_plugin_state{{plugin=\"bad_probe\",state=\"{state}\"}} 1");
        Assert.Contains(reason, daemon.Log, StringComparison.Ordinal);
        Assert.Equal(2, daemon.Log.Split($"{state}: ").Length);
        Assert.DoesNotContain("   at ", daemon.Log, StringComparison.Ordinal);
        Assert.Equal(0, KernelObjects.Of(daemon.Id).PluginLinks);

        daemon.Signal("TERM");
        Assert.Equal(0, await daemon.ExitAsync());
    }

    [Theory]
    [InlineData("collect", "collecting before a scrape threw InvalidOperationException: told to throw in collect")]
    [InlineData("event", "the handler of ring events threw InvalidOperationException: told to throw in event")]
    public async Task a_plugin_whose_callback_throws_is_detached_and_started_anew_after_a_pause(string badAt, string reason)
    {
        using Site site = new();
        site.Install(Built.BadProbe, "BadProbe");
        site.Write("[plugins.bad_probe]");
        await using HostProcess daemon = await HostProcess.RunAsync(site, badAt);

        // The scrape runs the callback; its connection makes the event.
        await daemon.UntilAsync(async () => (await daemon.MetricsAsync()).Contains(
            "pmoas_plugin_state{plugin=\"bad_probe\",state=\"faulted\"} 1", StringComparison.Ordinal), "the fault");
        Assert.Contains(reason, daemon.Log, StringComparison.Ordinal);
        Assert.Equal(0, KernelObjects.Of(daemon.Id).PluginLinks);
        await daemon.UntilMetricAsync("pmoas_plugin_restarts_total{plugin=\"bad_probe\"} 1");

        daemon.Signal("TERM");
        Assert.Equal(0, await daemon.ExitAsync());
    }

    [Fact]
    public async Task a_file_that_is_no_assembly_is_faulted()
    {
        using Site site = new();
        File.WriteAllText(site.Install(Built.BadProbe, "BadProbe"), "not an assembly");
        site.Write("[plugins.bad_probe]");
        await using HostProcess daemon = await HostProcess.RunAsync(site);

        await daemon.UntilMetricAsync("pmoas_plugin_state{plugin=\"bad_probe\",state=\"faulted\"} 1");
        Assert.Contains("BadProbe.dll is not a .NET assembly.", daemon.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task a_plugin_built_for_another_SDK_is_unsupported_and_both_versions_are_named()
    {
        using Site site = new();
        AskForSdk(site.Install(Built.BadProbe, "BadProbe"), major: 9, minor: 4);
        site.Write("[plugins.bad_probe]");
        await using HostProcess daemon = await HostProcess.RunAsync(site);

        await daemon.UntilMetricAsync("pmoas_plugin_state{plugin=\"bad_probe\",state=\"unsupported\"} 1");
        Assert.Contains("was built for Pmoas.Sdk 9.4; this pmoas has 0.1: rebuild the plugin for it.", daemon.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task a_plugin_others_can_write_is_refused_with_the_cure()
    {
        using Site site = new();
        string dll = site.Install(Built.BadProbe, "BadProbe");
        File.SetUnixFileMode(dll, File.GetUnixFileMode(dll) | UnixFileMode.OtherWrite);
        site.Write("[plugins.bad_probe]");
        await using HostProcess daemon = await HostProcess.RunAsync(site);

        await daemon.UntilMetricAsync("pmoas_plugin_state{plugin=\"bad_probe\",state=\"faulted\"} 1");
        Assert.Contains($"{dll} is writable by others than its owner (mode ", daemon.Log, StringComparison.Ordinal);
        Assert.Contains($"chmod go-w {dll}", daemon.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task a_plugin_in_a_directory_others_can_write_is_refused()
    {
        using Site site = new();
        site.Install(Built.BadProbe, "BadProbe");
        File.SetUnixFileMode(site.Plugins, File.GetUnixFileMode(site.Plugins) | UnixFileMode.GroupWrite);
        site.Write("[plugins.bad_probe]");
        await using HostProcess daemon = await HostProcess.RunAsync(site);

        Assert.Contains($"chmod go-w {site.Plugins}", daemon.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task a_plugin_of_another_user_is_refused()
    {
        using Site site = new();
        string dll = site.Install(Built.BadProbe, "BadProbe");
        using (System.Diagnostics.Process chown = System.Diagnostics.Process.Start("chown", ["65534", dll]))
        {
            chown.WaitForExit();
        }

        site.Write("[plugins.bad_probe]");
        await using HostProcess daemon = await HostProcess.RunAsync(site);

        Assert.Contains($"{dll} is owned by uid 65534, not by root: chown root {dll}", daemon.Log, StringComparison.Ordinal);
    }

    /// <summary>Rewrites the version in the assembly's reference to the SDK, as a build against that SDK would have written it.</summary>
    private static void AskForSdk(string dll, ushort major, ushort minor)
    {
        byte[] bytes = File.ReadAllBytes(dll);
        using PEReader image = new(new MemoryStream(bytes));
        MetadataReader metadata = image.GetMetadataReader();
        AssemblyReferenceHandle sdk = metadata.AssemblyReferences.First(
            handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name) == "Pmoas.Sdk");
        int row = image.PEHeaders.MetadataStartOffset + metadata.GetTableMetadataOffset(TableIndex.AssemblyRef)
            + (metadata.GetTableRowSize(TableIndex.AssemblyRef) * (MetadataTokens.GetRowNumber(sdk) - 1));
        BitConverter.TryWriteBytes(bytes.AsSpan(row), major);
        BitConverter.TryWriteBytes(bytes.AsSpan(row + sizeof(ushort)), minor);
        File.WriteAllBytes(dll, bytes);
    }
}
