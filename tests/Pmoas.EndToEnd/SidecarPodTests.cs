using System.Diagnostics;
using System.Text.Json;
using Pmoas.Host.Demo;

namespace Pmoas.EndToEnd;

/// <summary>The daemon and the monitor as processes, with Accept, on a real pod.</summary>
public sealed class SidecarPodTests
{
    private const int Requests = 200;

    [Fact]
    public async Task promtool_finds_nothing_to_say_about_the_metrics()
    {
        await using PodBed bed = await StartBedAsync();
        using Site site = SiteFor(bed);
        await using HostProcess daemon = await HostProcess.RunAsync(site);
        await ExactClient.RunAsync(bed, bed.SidecarUrl, Requests, keepAlive: false);
        await daemon.UntilAsync(async () => Sample(await daemon.MetricsAsync(), "accepted_total", "app", "service") == Requests, "all accepts");

        using Process promtool = Process.Start(new ProcessStartInfo("promtool", ["check", "metrics"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        await promtool.StandardInput.WriteAsync(await daemon.MetricsAsync());
        promtool.StandardInput.Close();
        Assert.Equal("", await promtool.StandardOutput.ReadToEndAsync() + await promtool.StandardError.ReadToEndAsync());
        await promtool.WaitForExitAsync();
        Assert.Equal(0, promtool.ExitCode);
    }

    [Fact]
    public async Task a_rule_edited_in_the_file_gives_running_containers_another_role_and_restarts_no_plugin()
    {
        await using PodBed bed = await StartBedAsync();
        using Site site = SiteFor(bed);
        await using HostProcess daemon = await HostProcess.RunAsync(site);
        await ExactClient.RunAsync(bed, bed.ServiceUrl, 10, keepAlive: false);
        await daemon.UntilAsync(async () => Sample(await daemon.MetricsAsync(), "accepted_total", "app", "service") == 10, "ten accepts of a service");

        string toml = await File.ReadAllTextAsync(site.Config);
        await File.WriteAllTextAsync(site.Config, toml.Replace("[[sidecars]]\nname = \"proxy\"", "[[sidecars]]\nname = \"app\"", StringComparison.Ordinal));
        await daemon.UntilAsync(async () => Sample(await daemon.MetricsAsync(), "accepted_total", "app", "sidecar") == 0, "app is the sidecar");
        await ExactClient.RunAsync(bed, bed.ServiceUrl, 10, keepAlive: false);
        await daemon.UntilAsync(async () => Sample(await daemon.MetricsAsync(), "accepted_total", "app", "sidecar") == 10, "ten accepts of a sidecar");

        string metrics = await daemon.MetricsAsync();
        Assert.Null(Sample(metrics, "accepted_total", "app", "service"));
        Assert.Equal(0, Sample(metrics, "accepted_total", "proxy", "service"));
        Assert.Contains("pmoas_plugin_restarts_total{plugin=\"accept\"} 0\n", metrics, StringComparison.Ordinal);
        Assert.Contains("pmoas_config_reloads_total{result=\"ok\"} 1\n", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task monitor_shows_every_event_of_every_request_once()
    {
        await using PodBed bed = await StartBedAsync();
        using Site site = SiteFor(bed);
        await using HostProcess monitor = HostProcess.Start(site, "monitor socket", arguments: ["--json", "--pod", bed.Name]);
        await monitor.UntilLogAsync("[INFO] watching 2 of 2 containers");
        await ExactClient.RunAsync(bed, bed.SidecarUrl, Requests, keepAlive: false);
        await Task.Delay(500);
        monitor.Signal("INT");

        Assert.Equal(0, await monitor.ExitAsync());
        (string, string)[] events = [.. monitor.Output.Trim().Split('\n').Select(line => JsonDocument.Parse(line).RootElement)
            .Select(e => (e.GetProperty("event").GetString()!, e.GetProperty("container").GetString()!))];
        int Of(string what, string container) => events.Count(e => e == (what, container));
        Assert.Equal(Requests, Of("accept", "proxy"));
        Assert.Equal(Requests, Of("connect", "proxy"));
        Assert.Equal(Requests, Of("forward", "proxy"));
        Assert.Equal(Requests, Of("accept", "app"));
        Assert.Equal(Requests, Of("handoff", "app"));
        Assert.Equal(2 * Requests, Of("close", "proxy"));
        Assert.Equal(Requests, Of("close", "app"));
        Assert.Equal(8 * Requests, events.Length);
        Assert.Contains($"{8 * Requests} events shown; {8 * Requests} attempts = {8 * Requests} delivered + 0 dropped", monitor.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task the_demo_counts_what_its_load_generator_did_and_leaves_nothing_behind()
    {
        using Site site = new();
        site.Install(Built.Accept, "Accept");
        await using HostProcess demo = HostProcess.Start(
            site, "demo", arguments: ["--json", "--seconds", "0", "--requests", "300", "--listen", $"127.0.0.1:{site.Port}"]);

        Assert.Equal(0, await demo.ExitAsync());
        JsonElement report = JsonDocument.Parse(demo.Output).RootElement;
        (JsonElement sidecar, JsonElement service) = (report.GetProperty("sidecar"), report.GetProperty("service"));
        Assert.Equal(300, report.GetProperty("load").GetProperty("complete").GetInt32());
        Assert.Equal(0, report.GetProperty("load").GetProperty("failed").GetInt32());
        Assert.Equal(300, sidecar.GetProperty("accepted").GetInt32());
        Assert.Equal(300, sidecar.GetProperty("connected_ok").GetInt32());
        Assert.Equal(300, sidecar.GetProperty("forward").GetProperty("count").GetInt32());
        Assert.Equal(300, service.GetProperty("accepted").GetInt32());
        Assert.Equal(300, service.GetProperty("handoff").GetProperty("count").GetInt32());
        Assert.Equal(
            report.GetProperty("load").GetProperty("transferred_bytes").GetInt64(),
            sidecar.GetProperty("sent_bytes").GetInt64() - service.GetProperty("received_bytes").GetInt64());
        Assert.Equal(0, report.GetProperty("unpaired").EnumerateObject().Sum(reason => reason.Value.GetInt32()));
        AssertNothingLeft(demo.Id);
    }

    [Theory]
    [InlineData("starting the daemon")]
    [InlineData("through the sidecar")]
    public async Task the_demo_interrupted_leaves_nothing_behind(string phase)
    {
        using Site site = new();
        site.Install(Built.Accept, "Accept");
        await using HostProcess demo = HostProcess.Start(site, "demo", arguments: ["--seconds", "30", "--listen", $"127.0.0.1:{site.Port}"]);
        await demo.UntilLogAsync(phase);
        demo.Signal("INT");

        Assert.Equal(0, await demo.ExitAsync());
        AssertNothingLeft(demo.Id);
    }

    [Fact]
    public async Task the_demo_shows_resources_and_the_stack_to_whoever_looks_and_the_command_it_names_works()
    {
        using Site site = new();
        foreach (string plugin in (string[])["Accept", "ResourceUsage", "StackTrace"])
        {
            site.Install(Path.Combine(Built.Plugins, plugin), plugin);
        }

        await using HostProcess demo = HostProcess.Start(
            site, "demo", arguments: ["--seconds", "60", "--requests", "20", "--listen", $"127.0.0.1:{site.Port}"]);
        await demo.UntilLogAsync("look for yourself");
        string pod = $"pod=\"pmoas-demo-{demo.Id}-1\",";
        foreach (string name in (string[])[
            "pmoas_accept_forward_seconds_count",
            "pmoas_resource_usage_cpu_seconds_total",
            "pmoas_resource_usage_memory_working_set_bytes",
            "pmoas_stack_trace_journey_seconds_count"])
        {
            await demo.UntilAsync(
                async () => (await demo.MetricsAsync()).Split('\n').Any(
                    line => line.StartsWith(name + "{", StringComparison.Ordinal) && line.Contains(pod, StringComparison.Ordinal) && !line.EndsWith(" 0", StringComparison.Ordinal)),
                name);
        }

        string config = demo.Log.Split((char[])[' ', '\n']).Single(word => word.EndsWith("pmoas.toml", StringComparison.Ordinal));
        await using HostProcess monitor = HostProcess.Start(site, "monitor stack", config: config, arguments: ["--json", "--duration", "2"]);
        Assert.Equal(0, await monitor.ExitAsync());
        Assert.Contains("\"phase\":\"data\"", monitor.Output, StringComparison.Ordinal);

        demo.Signal("INT");
        Assert.Equal(0, await demo.ExitAsync());
        AssertNothingLeft(demo.Id);
    }

    private static Task<PodBed> StartBedAsync() => PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-e2e" });

    private static Site SiteFor(PodBed bed)
    {
        Site site = new();
        site.Install(Built.Accept, "Accept");
        site.WriteWithSources(bed.StaticPodToml() + "[plugins.accept]");
        return site;
    }

    private static double? Sample(string metrics, string name, string container, string role)
    {
        string end = $"container=\"{container}\",role=\"{role}\"}} ";
        string? line = metrics.Split('\n').SingleOrDefault(line =>
            line.StartsWith($"pmoas_accept_{name}{{", StringComparison.Ordinal) && line.Contains(end, StringComparison.Ordinal));
        return line is null ? null : double.Parse(line[(line.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>The demo names all it makes after itself and its process.</summary>
    private static void AssertNothingLeft(int pid)
    {
        string name = $"pmoas-demo-{pid}";
        Assert.DoesNotContain(NamedNetns.Existing(), netns => netns.StartsWith(name, StringComparison.Ordinal));
        Assert.Empty(Directory.EnumerateDirectories("/sys/fs/cgroup", $"{name}*", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 2 }));
        Assert.Empty(Directory.EnumerateFileSystemEntries("/run", $"{name}*"));
    }
}
