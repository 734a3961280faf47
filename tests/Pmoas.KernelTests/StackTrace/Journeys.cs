using Pmoas.Host.Demo;
using Pmoas.KernelTests.Accept;
using Pmoas.Sdk.Bpf;

namespace Pmoas.KernelTests.StackTrace;

/// <summary>A pod that is watched with StackTrace, and what holds of its journeys whatever the traffic was.</summary>
internal sealed class Journeys : IAsyncDisposable
{
    private Journeys(PodBed bed, Watched watched) => (Bed, Watched) = (bed, watched);

    internal PodBed Bed { get; }

    internal Watched Watched { get; }

    /// <summary>Four kinds of journey: by leg and direction.</summary>
    internal static IReadOnlyList<(string Leg, string Direction)> Kinds { get; } =
        [("outside", "request"), ("inside", "request"), ("inside", "response"), ("outside", "response")];

    /// <summary>A service that writes each response at once.</summary>
    /// <param name="bodyBytes">Size of a response's body.</param>
    /// <param name="sleepMs">How long it leaves a request unread.</param>
    internal static ContainerProgram Responder(int bodyBytes = 1024, int sleepMs = 0) => _ =>
        new ContainerCommand("responder", [InPod.Program("responder"), $"{BedPlan.ServicePort}", $"{bodyBytes}", $"{sleepMs}"]);

    internal static Task<Journeys> StartAsync(PodBedOptions options, string more = "", Func<PodBed, Task>? before = null) =>
        StartAsync(options, _ => more, before ?? (_ => Task.CompletedTask), containers: 2);

    /// <param name="options">The pod.</param>
    /// <param name="more">What follows on the plugin's options in pmoas.toml, once the pod is there.</param>
    /// <param name="before">Done before the daemon starts.</param>
    /// <param name="containers">How many it must find.</param>
    internal static async Task<Journeys> StartAsync(PodBedOptions options, Func<PodBed, string> more, Func<PodBed, Task> before, int containers)
    {
        PodBed bed = await PodBed.StartAsync(options with { Prefix = "pmoas-test" });
        bool ready = false;
        try
        {
            await before(bed);
            Journeys journeys = new(bed, await Watched.StartAsync(bed, "[plugins.stack_trace]\n" + more(bed), containers));
            ready = true;
            return journeys;
        }
        finally
        {
            if (!ready)
            {
                await bed.DisposeAsync();
            }
        }
    }

    /// <summary>Looks at the plugin's kernel object.</summary>
    internal int Look(Func<BpfObject, int> look) => Watched.Look("stack_trace", look);

    /// <summary>What became of one of the plugin's hooks.</summary>
    internal HookReport HookOf(string name) =>
        Watched.Node.Plugins.All.Single(plugin => plugin.Name == "stack_trace").Run!.Look(session => session.Hooks)!.Single(hook => hook.Hook == name);

    /// <summary>How many programs of ours are at hooks of TC, by what the links say that this process holds.</summary>
    internal static int ProgramsAtDevices() => KernelLeftovers.Descriptors().Count(lines => lines.Contains("link_type:\ttcx"));

    /// <summary>Skips the test where the kernel keeps functions from being traced.</summary>
    internal void SkipWithoutFunctions(string rung = "fentry") => Assert.SkipWhen(
        rung == "fentry" ? HookOf("netfilter hooks").Refused?.Contains("EPERM", StringComparison.Ordinal) == true : !File.Exists("/sys/kernel/tracing/kprobe_events"),
        $"this kernel keeps functions from being traced ({rung}); Debian's kernels in the virtual machine do not");

    /// <summary>
    /// True when the kernel ran every program. It does not run one that would interrupt itself; then what was not run has to explain what is
    /// missing of the journeys. The change of states has a second program for that.
    /// </summary>
    internal bool IsWhole(JourneySamples s, double ofEach)
    {
        int skipped = Look(bpf => bpf.Programs.Where(program => program.Autoload && program.Name != "state_changed").Sum(program => (int)program.Info.RecursionMisses));
        if (skipped == 0)
        {
            return true;
        }

        AssertSound(s);
        Assert.All(Kinds, kind => Assert.InRange(s.Journeys(kind.Leg, kind.Direction), ofEach - skipped, ofEach));
        return false;
    }

    /// <summary>Scrapes until so many journeys of each kind have ended: a client is done before the last packet has told its stages.</summary>
    internal async Task<JourneySamples> ScrapeAsync(double ofEach)
    {
        JourneySamples s = await JourneySamples.ScrapeAsync(Watched);
        for (int i = 0; i < 100 && Kinds.Any(kind => s.Journeys(kind.Leg, kind.Direction) < ofEach); i++)
        {
            await Task.Delay(10);
            s = await JourneySamples.ScrapeAsync(Watched);
        }

        return s;
    }

    /// <summary>Each kind's intervals are a chain from its first stage to its last, and add up to its journeys; none is negative; nothing was lost.</summary>
    internal static void AssertSound(JourneySamples s)
    {
        foreach ((string leg, string direction) in Kinds)
        {
            foreach (string phase in (string[])["data", "close"])
            {
                var intervals = s.Intervals(leg, direction, phase);
                double journeys = s.Sum("journey_seconds_sum", $"leg={leg}", $"direction={direction}", $"phase={phase}");
                Assert.All(intervals, interval => Assert.True(interval.Seconds >= 0, $"{leg} {direction} {interval}"));
                Assert.True(
                    Math.Abs(intervals.Sum(interval => interval.Seconds) - journeys) <= journeys * 1e-6,
                    $"{leg} {direction} {phase}: {intervals.Sum(i => i.Seconds)} of {journeys}\n{s}");
            }
        }

        Assert.True(s.Sum("lost_total") == 0, s.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        await Watched.DisposeAsync();
        await Bed.DisposeAsync();
    }
}
