using Pmoas.Host.Exposition;
using Pmoas.Sdk.Pods;
using Pmoas.Tests.Metrics;

namespace Pmoas.Tests.Exposition;

public sealed class PromtoolTests
{
    [Fact]
    public async Task promtool_accepts_every_kind_of_instrument()
    {
        var instruments = new Instruments();
        var containers = new PodContainers();
        containers.Run(PodContainers.Make(1, "proxy", Role.Sidecar));
        var self = new SelfMetrics(instruments, "0.1.0", "0.1.0", "6.18.44");
        self.ConfigReloaded(ok: true, DateTimeOffset.UnixEpoch);
        self.ScrapeTook(TimeSpan.FromSeconds(1));
        self.Update(
        [
            new PluginFacts
            {
                Plugin = "lab",
                State = "running",
                Hooks = [new HookFact("accept", "on_accept", "tp_btf")],
                Programs = [new ProgramFact("on_accept", 1, 1, 1)],
                Rings = [new RingFact("events", 3, 2, 1)],
                Maps = [new MapFact("counters", 1, 2)],
            },
        ], containers);
        self.Update(new PodFacts([new SourceFact("cri", "/run/containerd/containerd.sock", IsUp: true, TimeSpan.FromSeconds(1), Pods: 2, Failures: 0)], Nameless: 0, Missed: 0, Tagged: 2));
        self.Traces.Begin("lab");
        PluginInstruments plugin = instruments.Register("lab", KernelEntry.Defs);
        string[] labels = ["lab", "chain \"x\"\n", "proxy\\", "sidecar"];
        plugin.Counter(KernelEntry.Accepted).Add(1, labels);
        plugin.Counter(KernelEntry.Connected).Add(1, [.. labels, "ok"]);
        plugin.Gauge(KernelEntry.Open).Set(-1, labels);
        plugin.Histogram(KernelEntry.Queue).Observe(100, 3, labels);
        string text = await Exposed.TextAsync(instruments);
        Assert.All(SelfMetricDefs.All, def => Assert.Contains($"\n{def.Name}", text, StringComparison.Ordinal));
        (int exitCode, string said) = await Promtool.RunAsync(text, "check", "metrics");
        Assert.Equal("", said);
        Assert.Equal(0, exitCode);
    }
}
