using Pmoas.Host.Daemon;
using Pmoas.Host.Demo;

namespace Pmoas.KernelTests.StackTrace;

/// <summary>What is kept ends with what it was kept for, and what finds no room is counted.</summary>
public sealed class BoundTests
{
    private static readonly string s_linger = $"[daemon]\ncontainer_linger = \"{Patience.Of(TimeSpan.FromSeconds(1)).TotalSeconds:0}s\"\n";

    [Theory]
    [InlineData("haproxy")]
    [InlineData("nginx")]
    public async Task closed_connections_leave_nothing_and_their_places_are_used_again(string sidecar)
    {
        const int Connections = 4000;
        await using Journeys journeys = await Journeys.StartAsync(
            new PodBedOptions { Sidecar = sidecar == "nginx" ? Nginx.Sidecar : Haproxy.Sidecar, Service = Journeys.Responder() }, "max_streams = 1024\n");

        await ExactClient.RunAsync(journeys.Bed, journeys.Bed.SidecarUrl, Connections, keepAlive: false, connections: 8);
        JourneySamples s = await journeys.ScrapeAsync(Connections);

        if (journeys.IsWhole(s, Connections))
        {
            Assert.All(Journeys.Kinds, kind => Assert.True(s.Journeys(kind.Leg, kind.Direction) == Connections, $"{kind}\n{s}"));
        }

        Assert.Equal(0, s.Sum("lost_total"));
        await Accept.Watched.Until(() => Task.FromResult(journeys.Look(bpf => bpf.Map("places").CountEntries()) == 0), "no direction of a connection has a place any more");
        Assert.InRange(journeys.Look(bpf => (int)bpf.GetGlobal<uint>("used_streams")), 4, 200);
    }

    [Fact]
    public async Task connections_beyond_what_is_followed_are_counted()
    {
        const int Connections = 600;
        await using Journeys journeys = await Journeys.StartAsync(
            new PodBedOptions { Service = Journeys.Responder(), InsideConnections = InsideConnections.KeepAlive }, "max_streams = 1024\n");

        // Each takes two places; the few of the inside are used again.
        await ExactClient.RunAsync(journeys.Bed, journeys.Bed.SidecarUrl, Connections, keepAlive: true, connections: Connections);
        JourneySamples s = await JourneySamples.ScrapeAsync(journeys.Watched);

        double followed = s.Journeys("outside", "request"), lost = s.Sum("lost_total", "table=streams");
        Assert.True(followed is > 480 and <= 512, s.ToString());
        Assert.True(lost > 0 && lost == s.Sum("lost_total"), s.ToString());
    }

    /// <summary>Where the map of whole journeys has no room, or the kernel no memory for so large a value, each interval is counted by itself.</summary>
    [Fact]
    public async Task journeys_that_find_no_room_are_counted_interval_by_interval()
    {
        const int Requests = 500;
        await using Journeys journeys = await Journeys.StartAsync(
            new PodBedOptions { Service = Journeys.Responder(), InsideConnections = InsideConnections.KeepAlive }, "max_pods = 16\n");
        int entries = journeys.Look(bpf => FullMap.Fill(bpf.Map("journeys")));
        int before = journeys.Look(bpf => bpf.Map("intervals").CountEntries());

        await ExactClient.RunAsync(journeys.Bed, journeys.Bed.SidecarUrl, Requests, keepAlive: true);
        JourneySamples s = await journeys.ScrapeAsync(Requests);

        if (journeys.IsWhole(s, Requests))
        {
            Assert.All(Journeys.Kinds, kind => Assert.True(s.Journeys(kind.Leg, kind.Direction) == Requests, $"{kind}\n{s}"));
        }

        Journeys.AssertSound(s);
        Assert.Equal(entries, journeys.Look(bpf => bpf.Map("journeys").CountEntries()));

        // Four kinds, of each the whole and the step to its last stage at the least.
        Assert.InRange(journeys.Look(bpf => bpf.Map("intervals").CountEntries()) - before, 8, entries);
    }

    [Fact]
    public async Task a_pod_that_ends_takes_its_series_and_its_numbers_with_it()
    {
        await using Journeys journeys = await Journeys.StartAsync(new PodBedOptions { Service = Journeys.Responder() }, s_linger);
        await ExactClient.RunAsync(journeys.Bed, journeys.Bed.SidecarUrl, 20, keepAlive: false);
        JourneySamples s = await journeys.ScrapeAsync(20);
        Assert.All(Journeys.Kinds, kind => Assert.Equal(20, s.Journeys(kind.Leg, kind.Direction)));

        string toml = journeys.Bed.StaticPodToml(), without = toml[toml.IndexOf("[sources]", StringComparison.Ordinal)..];
        string file = journeys.Bed.Plan.Write("without.toml", without + "[plugins.stack_trace]\n" + s_linger);
        (Setup? setup, var errors) = Setup.Load(file, Accept.Watched.PluginDirectory());
        Assert.True(setup is not null, string.Join('\n', errors));
        await journeys.Watched.Node.ApplyAsync(setup.Options);

        await AssertNothingIsLeftAsync(journeys);
    }

    [Fact]
    public async Task a_pod_that_came_and_went_between_two_scrapes_is_counted_and_leaves_nothing()
    {
        await using Journeys journeys = await Journeys.StartAsync(new PodBedOptions { Service = Journeys.Responder() }, s_linger);
        await ExactClient.RunAsync(journeys.Bed, journeys.Bed.SidecarUrl, 20, keepAlive: false);
        await journeys.Bed.DisposeAsync();
        await Accept.Watched.Until(() => Task.FromResult(journeys.Watched.Node.Pods.All.Count == 0), "the pod has ended");

        JourneySamples s = await JourneySamples.ScrapeAsync(journeys.Watched);

        Assert.All(Journeys.Kinds, kind => Assert.True(s.Journeys(kind.Leg, kind.Direction) == 20, $"{kind}\n{s}"));
        Journeys.AssertSound(s);
        await AssertNothingIsLeftAsync(journeys);
    }

    private static async Task AssertNothingIsLeftAsync(Journeys journeys)
    {
        await Accept.Watched.Until(
            async () => (await JourneySamples.ScrapeAsync(journeys.Watched)).Sum("journey_seconds_count") == 0
                && journeys.Look(bpf => bpf.Map("journeys").CountEntries() + bpf.Map("intervals").CountEntries() + bpf.Map("counts").CountEntries()) == 0,
            "nothing of the pod is left");
        JourneySamples s = await JourneySamples.ScrapeAsync(journeys.Watched);
        Assert.Equal(0, s.Sum("lost_total"));
        Assert.DoesNotContain(journeys.Bed.Name, s.ToString(), StringComparison.Ordinal);
    }
}
