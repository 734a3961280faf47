using System.Diagnostics;
using System.Globalization;
using System.Text;
using OpenTelemetry.Proto.Trace.V1;
using Pmoas.FakeCollector;
using Pmoas.Host.Demo;
using Pmoas.KernelTests.Accept;

namespace Pmoas.KernelTests.StackTrace;

/// <summary>Journeys as traces, at a real receiver of OTLP, made of real traffic.</summary>
public sealed class TracedTests
{
    private const int Requests = 100;

    private static readonly string[] s_whole =
        ["tcp_sendmsg_locked", "net_dev_queue", "net_dev_start_xmit", "netif_receive_skb", "tcp_probe", "sk_data_ready", "tcp_rcv_space_adjust"];

    [Theory]
    [InlineData("grpc", false, "IPv4")]
    [InlineData("grpc", true, "IPv4")]
    [InlineData("http_protobuf", false, "IPv4")]
    [InlineData("http_protobuf", false, "IPv6")]
    public async Task every_journey_is_one_trace_with_its_phases_and_stages(string protocol, bool keepAlive, string addresses)
    {
        await using CollectorServer collector = await CollectorServer.StartAsync();
        AddressKind kind = Enum.Parse<AddressKind>(addresses);
        await using Journeys journeys = await Journeys.StartAsync(
            new PodBedOptions
            {
                Service = Journeys.Responder(),
                InsideConnections = keepAlive ? InsideConnections.KeepAlive : InsideConnections.CloseEach,
                Outside = kind,
                Inside = kind,
            },
            "traced_per_second = 100000\n" + Traces(protocol, collector));

        await ExactClient.RunAsync(journeys.Bed, journeys.Bed.SidecarUrl, Requests, keepAlive);
        JourneySamples s = await journeys.ScrapeAsync(Requests);
        int all = (int)s.Sum("journey_seconds_count", "phase=data");
        Assert.InRange(all, 1, 4 * Requests);
        await Watched.Until(() => Task.FromResult(collector.Traces.Count >= all), $"{all} traces have come");
        await Watched.Until(async () => await CountAsync(journeys, "pmoas_traces_exported_total") == all, "all are counted as exported");

        var traces = collector.Traces;
        Assert.Equal(all, traces.Count);
        Assert.All(traces, trace => Assert.Empty(trace.Mistakes()));
        Assert.Equal(traces.Sum(trace => trace.Spans.Count), await CountAsync(journeys, "pmoas_trace_spans_exported_total"));
        Assert.Equal(0, await CountAsync(journeys, "pmoas_traces_dropped_total"));
        Assert.All(traces, trace => AssertResource(trace, journeys.Bed));
        Assert.All(traces, trace => AssertStages(trace));
        Assert.All(collector.Tokens, token => Assert.Equal("let me, in=1", token));
        if (!journeys.IsWhole(s, Requests))
        {
            return;
        }

        Assert.Equal(4 * Requests, all);
        foreach ((string leg, string direction) in Journeys.Kinds)
        {
            ReceivedTrace[] some = [.. traces.Where(trace => trace.Root.Name == $"{leg} {direction}")];
            Assert.Equal(Requests, some.Length);
            int opened = some.Count(trace => trace.Phase("connection establishment") is not null);
            int closed = some.Count(trace => trace.Phase("termination") is not null);
            Assert.Equal(keepAlive ? 1 : Requests, opened);

            // The last message of a connection is a response; haproxy resets some of its connections to the service.
            Assert.True(direction == "request" ? closed == 0 : keepAlive ? closed <= 1 : leg == "outside" ? closed == Requests : closed > 0, $"{leg} {direction}: {closed} closed\n{s}");
        }
    }

    [Fact]
    public async Task a_pod_has_no_more_traces_a_second_than_are_allowed_to_it_and_each_kind_has_its_share()
    {
        await using CollectorServer collector = await CollectorServer.StartAsync();
        long began;
        double seconds;
        await using (Journeys journeys = await Journeys.StartAsync(
            new PodBedOptions { Service = Journeys.Responder(), InsideConnections = InsideConnections.KeepAlive },
            "traced_per_second = 20\n" + Traces("grpc", collector)))
        {
            began = Stopwatch.GetTimestamp();
            await ExactClient.RunAsync(journeys.Bed, journeys.Bed.SidecarUrl, 10000, keepAlive: true);
            seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        }

        // 5 a second of each kind, the first of them at once.
        Assert.Equal(4, collector.Traces.GroupBy(trace => trace.Root.Name).Count());
        Assert.All(collector.Traces.GroupBy(trace => trace.Root.Name), kind => Assert.InRange(kind.Count(), (int)(seconds * 5) - 1, (int)(seconds * 5) + 2));
        Assert.All(collector.Traces, trace => Assert.Empty(trace.Mistakes()));
    }

    [Fact]
    public async Task a_collector_that_is_gone_costs_counted_drops_and_has_the_next_traces_when_it_is_back()
    {
        CollectorServer collector = await CollectorServer.StartAsync();
        (int grpc, int http) = (collector.GrpcPort, collector.HttpPort);
        await using Journeys journeys = await Journeys.StartAsync(
            new PodBedOptions { Service = Journeys.Responder(), InsideConnections = InsideConnections.KeepAlive },
            "traced_per_second = 100000\n" + Traces("grpc", collector));
        await collector.DisposeAsync();

        await ExactClient.RunAsync(journeys.Bed, journeys.Bed.SidecarUrl, Requests, keepAlive: true);
        double lost = (await journeys.ScrapeAsync(Requests)).Sum("journey_seconds_count", "phase=data");
        await Watched.Until(async () => await CountAsync(journeys, "pmoas_traces_dropped_total") >= lost, $"{lost} traces are counted as dropped");
        Assert.Equal(lost, await CountAsync(journeys, "pmoas_traces_dropped_total", "reason=\"unreachable\""));
        Assert.Equal(lost, await CountAsync(journeys, "pmoas_traces_dropped_total"));

        await using CollectorServer back = await CollectorServer.StartAsync(grpc, http);
        await Watched.Until(
            async () =>
            {
                await ExactClient.RunAsync(journeys.Bed, journeys.Bed.SidecarUrl, 10, keepAlive: true);
                await Task.Delay(100);
                return back.Traces.Count > 0;
            },
            "traces come again");
        double all = (await journeys.ScrapeAsync(0)).Sum("journey_seconds_count", "phase=data");
        await Watched.Until(
            async () => await CountAsync(journeys, "pmoas_traces_exported_total") + await CountAsync(journeys, "pmoas_traces_dropped_total") >= all, $"{all} traces are counted");
        Assert.Equal(all, await CountAsync(journeys, "pmoas_traces_exported_total") + await CountAsync(journeys, "pmoas_traces_dropped_total"));
        Assert.Equal(back.Traces.Count, await CountAsync(journeys, "pmoas_traces_exported_total"));
        Assert.All(back.Traces, trace => Assert.Empty(trace.Mistakes()));
    }

    private static string Traces(string protocol, CollectorServer collector) =>
        $"""
        [traces]
        endpoint = "http://127.0.0.1:{(protocol == "grpc" ? collector.GrpcPort : collector.HttpPort)}"
        protocol = "{protocol}"
        timeout = "5s"
        headers = {"{"} x-token = "let me, in=1" {"}"}

        """;

    private static void AssertResource(ReceivedTrace trace, PodBed bed)
    {
        bool isService = trace.Root.Name == "inside response";
        string container = isService ? PodBed.ServiceName : PodBed.SidecarName;
        Assert.Equal("pmoas.stack_trace", trace.Scope);
        (string, string)[] wanted =
        [
            ("k8s.pod.name", bed.Name), ("k8s.container.name", container), ("service.name", bed.Name), ("pmoas.role", isService ? "service" : "sidecar"),
            ("k8s.node.name", Environment.MachineName.ToLowerInvariant()), ("telemetry.sdk.language", "dotnet"),
            ("service.instance.id", $"{trace.Resource["k8s.namespace.name"]}.{bed.Name}.{container}"), ("service.namespace", trace.Resource["k8s.namespace.name"]),
        ];
        Assert.All(wanted, attribute => Assert.Equal(attribute.Item2, trace.Resource.GetValueOrDefault(attribute.Item1)));
        Assert.NotEmpty(trace.Resource["k8s.namespace.name"]);
    }

    /// <summary>Each stage's span begins where the one before ends, and their times are those of the whole.</summary>
    private static void AssertStages(ReceivedTrace trace)
    {
        string[] kind = trace.Root.Name.Split(' ');
        string[] stages = kind[0] == "inside" ? s_whole : kind[1] == "request" ? s_whole[3..] : s_whole[..3];
        Span data = trace.Phase("data transfer")!;
        var steps = trace.Under(data);
        Assert.Equal(stages.Zip(stages.Skip(1), (from, to) => $"{from} -> {to}"), steps.OrderBy(step => Array.IndexOf(s_whole, step.Name.Split(' ')[0])).Select(step => step.Name));
        var root = ReceivedTrace.Texts(trace.Root.Attributes);
        Assert.Equal(long.Parse(root["pmoas.journey_ns"], null), steps.Sum(step => long.Parse(ReceivedTrace.Texts(step.Attributes)["pmoas.interval_ns"], null)));
        Assert.Equal((kind[0], kind[1]), (root["pmoas.leg"], root["pmoas.direction"]));
        Assert.Equal(kind[0] == "inside" ? BedPlan.ServicePort : BedPlan.SidecarPort, long.Parse(root[kind[1] == "request" ? "destination.port" : "source.port"], null));
        Assert.All(trace.Under(trace.Root), phase => Assert.NotEmpty(trace.Under(phase)));
    }

    /// <summary>Sum of the series of one of the daemon's own metrics that have this label.</summary>
    private static async Task<double> CountAsync(Journeys journeys, string metric, string label = "")
    {
        using MemoryStream text = new();
        await journeys.Watched.Node.Instruments.WriteAsync(text, openMetrics: false, CancellationToken.None);
        return Encoding.UTF8.GetString(text.ToArray()).Split('\n')
            .Where(line => line.StartsWith(metric + "{", StringComparison.Ordinal) && line.Contains(label, StringComparison.Ordinal))
            .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
    }
}
