using Pmoas.Host.Demo;
using Pmoas.KernelTests.SockMap;

namespace Pmoas.EndToEnd.SockMap;

/// <summary><c>pmoas monitor --with-sockmap</c>: one pod, for as long as somebody looks.</summary>
public sealed class MonitorTests
{
    private const string Address = "127.0.0.1";
    private const int Port = 9400;

    [Fact]
    public async Task accelerates_the_named_pod_while_it_runs_and_tells_what_that_gave()
    {
        await using AcceleratedSite site = await AcceleratedSite.StartAsync();
        site.Site.Install(Built.Accept, "Accept");
        site.Write("[plugins.accept]\n");
        await using Streams streams = new(site.Bed);
        await streams.ServeAsync(Address, Port);
        await using HostProcess monitor = HostProcess.Start(site.Site, "monitor socket", arguments: ["--pod", site.Bed.Name, "--with-sockmap"]);
        await monitor.UntilAsync(() => Task.FromResult(monitor.Output.Contains("[INFO] watching", StringComparison.Ordinal)), "it watches");
        await streams.RunAsync("short", Address, Port, AcceleratedSite.Trials, 1);

        await streams.RunAsync("turns", Address, Port, 400, 200, 1000);
        await Task.Delay(3000); // groups are compared every two seconds
        monitor.Signal("INT");

        Assert.Equal(0, await monitor.ExitAsync());
        string line = Assert.Single(monitor.Output.Split('\n'), line => line.StartsWith("[FINISHED] accelerated", StringComparison.Ordinal));
        string[] words = line.Split(' ');
        Assert.Equal(400, int.Parse(words[2], null) + int.Parse(words[6], null));
        Assert.Contains($"{AcceleratedSite.Trials} refused; a turn takes × ", line, StringComparison.Ordinal);
        await streams.RunAsync("short", Address, Port, 100, 1);
    }

    [Fact]
    public async Task wants_to_know_which_pod()
    {
        await using AcceleratedSite site = await AcceleratedSite.StartAsync();
        await using HostProcess monitor = HostProcess.Start(site.Site, "monitor socket", arguments: ["--with-sockmap"]);
        Assert.Equal(2, await monitor.ExitAsync());
        Assert.Contains("--with-sockmap accelerates one pod: name it with --pod.", monitor.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task says_that_the_plugin_is_not_there()
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-e2e" });
        using Site site = new();
        site.Install(Built.Accept, "Accept");
        site.WriteWithSources(bed.StaticPodToml() + "[plugins.accept]\n");
        await using HostProcess monitor = HostProcess.Start(site, "monitor socket", arguments: ["--pod", bed.Name, "--with-sockmap"]);
        Assert.Equal(1, await monitor.ExitAsync());
        Assert.Contains("--with-sockmap needs the plugin sock_map, which is not in ", monitor.Log, StringComparison.Ordinal);
    }
}
