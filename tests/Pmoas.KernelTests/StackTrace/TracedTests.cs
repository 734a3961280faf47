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
    public async Task every_request_is_one_trace_with_its_journeys_in_both_legs(string protocol, bool keepAlive, string addresses)
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
        if (!journeys.IsWhole(s, Requests))
        {
            return;
        }

        await Watched.Until(() => Task.FromResult(collector.Traces.Count >= Requests), $"{Requests} traces have come");
        await Watched.Until(async () => await CountAsync(journeys, "pmoas_traces_exported_total") == Requests, "all are counted as exported");

        var traces = collector.Traces;
        Assert.Equal(Requests, traces.Count);
        Assert.All(traces, trace => Assert.Empty(trace.Mistakes()));
        Assert.Equal(traces.Sum(trace => trace.Spans.Count), await CountAsync(journeys, "pmoas_trace_spans_exported_total"));
        Assert.Equal(0, await CountAsync(journeys, "pmoas_traces_dropped_total"));
        Assert.All(traces, trace => AssertResource(trace, journeys.Bed));
        Assert.All(traces, AssertExchange);
        Assert.All(collector.Tokens, token => Assert.Equal("let me, in=1", token));
        foreach ((string leg, string direction) in Journeys.Kinds)
        {
            Span[] some = [.. traces.Select(trace => trace.Phase($"{leg} {direction}")!)];
            int With(string phase) => traces.Zip(some).Count(one => one.First.Under(one.Second).Any(span => span.Name == phase));
            (int opened, int closed) = (With("connection establishment"), With("termination"));
            Assert.Equal(direction == "response" ? 0 : keepAlive ? 1 : Requests, opened);

            // The last message of a connection is a response; haproxy resets some of its connections to the service.
            Assert.True(direction == "request" ? closed == 0 : keepAlive ? closed <= 1 : leg == "outside" ? closed == Requests : closed > 0, $"{leg} {direction}: {closed} closed\n{s}");
        }
    }

    /// <summary>haproxy says for each request which of its connections it came from and went to.</summary>
    [Fact]
    public Task requests_one_after_the_other_are_all_put_together() => AssertPutTogetherAsync(threads: 1, connections: 1);

    /// <summary>
    /// With several at a time it is not always certain to the kernel which belong together; then an exchange has two journeys and the others are traces by
    /// themselves. Where it puts them together it is never wrong.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public Task of_requests_at_the_same_time_none_is_put_together_with_another(int threads) => AssertPutTogetherAsync(threads, connections: 8);

    private static async Task AssertPutTogetherAsync(int threads, int connections)
    {
        await using CollectorServer collector = await CollectorServer.StartAsync();
        HashSet<(string, string)> said;
        await using (Journeys journeys = await Journeys.StartAsync(
            new PodBedOptions { Sidecar = SayingHaproxy, Service = Journeys.Responder(), SidecarWorkers = threads },
            "traced_per_second = 100000\n" + Traces("grpc", collector)))
        {
            await ExactClient.RunAsync(journeys.Bed, journeys.Bed.SidecarUrl, Requests, keepAlive: false, connections);
            if (!journeys.IsWhole(await journeys.ScrapeAsync(Requests), Requests))
            {
                return;
            }

            string log = Path.Combine(journeys.Bed.Plan.Directory, $"{PodBed.SidecarName}.log");
            said = [.. (await File.ReadAllLinesAsync(log)).Where(line => line.StartsWith("pair ", StringComparison.Ordinal)).Select(line => line.Split(' ')).Select(line => (line[1], line[2]))];
            Assert.Equal(Requests, said.Count);
            if (connections == 1)
            {
                await Watched.Until(async () => await CountAsync(journeys, "pmoas_traces_exported_total") + await CountAsync(journeys, "pmoas_traces_dropped_total") >= Requests, "all traces are counted");
                Assert.Equal(0, await CountAsync(journeys, "pmoas_traces_dropped_total"));
            }
        }

        // When the daemon has ended all traces have come. Of several that begin within 40 µs one is sampled.
        ReceivedTrace[] exchanges = [.. collector.Traces.Where(trace => trace.Root.Name == "exchange")];
        Assert.InRange(exchanges.Length, connections == 1 ? Requests : Requests / connections, Requests);
        Assert.All(collector.Traces, trace => Assert.Empty(trace.Mistakes()));
        int together = 0;
        foreach (ReceivedTrace trace in exchanges)
        {
            string Port(string journey, string end) => ReceivedTrace.Texts(trace.Phase(journey)!.Attributes)[end + ".port"];
            Assert.Equal(Port("outside request", "source"), Port("outside response", "destination"));
            if (trace.Phase("inside request") is null)
            {
                Assert.Equal(["outside request", "sidecar and upstream", "outside response"], trace.Under(trace.Root).Select(span => span.Name));
                continue;
            }

            together++;
            Assert.Equal(Port("inside request", "source"), Port("inside response", "destination"));
            Assert.Contains((Port("outside request", "source"), Port("inside request", "source")), said);
        }

        var came = collector.Traces.GroupBy(trace => string.Join(", ", trace.Under(trace.Root).Select(span => span.Name)));
        Assert.True(together >= (connections == 1 ? Requests : 1), string.Join('\n', came.Select(same => $"{same.Count()} × {same.First().Root.Name} of {same.Key}")));
    }

    /// <summary>The service asks, and its sidecar asks somebody elsewhere.</summary>
    [Fact]
    public async Task what_the_service_asks_for_through_its_sidecar_is_put_together_too()
    {
        const int Elsewhere = 9090, Egress = 15001, Asked = 20;
        static ContainerCommand WithEgress(BedPlan plan)
        {
            ContainerCommand haproxy = Haproxy.Sidecar(plan);
            File.AppendAllText(Path.Combine(plan.Directory, "haproxy.cfg"), $"listen egress\n    bind 127.0.0.1:{Egress}\n    server elsewhere {plan.ClientIPv4}:{Elsewhere}\n");
            return haproxy;
        }

        await using CollectorServer collector = await CollectorServer.StartAsync();
        await using Journeys journeys = await Journeys.StartAsync(
            new PodBedOptions { Sidecar = WithEgress, Service = Journeys.Responder() }, "traced_per_second = 100000\n" + Traces("grpc", collector));
        string pod = Path.GetDirectoryName(journeys.Bed.Service.CgroupPath)!, cgroup = $"{pod}/elsewhere";
        PodCgroups.Create(pod, cgroup);
        using BedContainer elsewhere = BedContainer.Start(
            "elsewhere", new ContainerCommand("", [InPod.Program("responder"), $"{Elsewhere}", "100", "0"]), journeys.Bed.ClientNetns, cgroup, journeys.Bed.Plan.Directory);
        try
        {
            await Watched.Until(() => journeys.Bed.ClientNetns.RunAsync(() => ListeningPorts.OfThisThread().Contains(Elsewhere)), "elsewhere is there");
            await InPod.RunAsync(journeys.Bed, journeys.Bed.Service,
                $$"""for i in {1..{{Asked}}}; do exec 3<>/dev/tcp/127.0.0.1/{{Egress}}; printf 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' >&3; cat <&3 | grep -q '200 OK' || exit 1; exec 3>&-; done""");
            JourneySamples s = await journeys.ScrapeAsync(Asked);
            if (!journeys.IsWhole(s, Asked))
            {
                return;
            }

            await Watched.Until(() => Task.FromResult(collector.Traces.Count >= Asked), $"{Asked} traces have come");
        }
        finally
        {
            await elsewhere.StopAsync(TimeSpan.FromSeconds(5));
        }

        Assert.Equal(Asked, collector.Traces.Count);
        foreach (ReceivedTrace trace in collector.Traces)
        {
            Assert.Empty(trace.Mistakes());
            Assert.Equal(
                ["inside request", "inside response", "outside request", "outside response", "sidecar", "sidecar", "upstream"],
                trace.Under(trace.Root).Select(span => span.Name).Order(StringComparer.Ordinal));
            Assert.Equal("service", trace.Resource["pmoas.role"]);
            Assert.Equal($"{Elsewhere}", ReceivedTrace.Texts(trace.Phase("outside request")!.Attributes)["destination.port"]);
            Assert.Equal($"{Egress}", ReceivedTrace.Texts(trace.Phase("inside response")!.Attributes)["source.port"]);
        }
    }

    /// <summary>The service's socket is closed as soon as its last packet has arrived, the connection's last message is read after that.</summary>
    [Fact]
    public Task a_message_that_is_read_when_its_sender_is_closed_already_is_the_last_of_its_connection() =>
        AssertLastAsync("sleep 0.1; cat <&3 >/dev/null", isLast: true, _ => Task.CompletedTask);

    /// <summary>
    /// Who reads resets the connection while the service's FIN is on its way, so only the service's end closes in order; the stream of its response is gone by
    /// then, and the request was not the last message.
    /// </summary>
    [Fact]
    public Task of_a_connection_that_is_reset_before_its_FIN_arrives_nothing_is_said_to_be_the_last_message() =>
        AssertLastAsync( // a socket that is closed with something unread is reset
            "dd bs=1 count=1 status=none <&3 >/dev/null; sleep 0.1",
            isLast: false,
            journeys => InNetns.IptablesAsync(
                journeys.Bed.PodNetns, "-A", "OUTPUT", "-o", "lo", "-p", "tcp", "--sport", $"{BedPlan.ServicePort}", "--tcp-flags", "FIN", "FIN", "-j", "DROP"));

    /// <summary>Asks the service over connections of their own, reads of the answers in bash's words, and has each message as a trace, the response as the last or not.</summary>
    private static async Task AssertLastAsync(string read, bool isLast, Func<Journeys, Task> before)
    {
        const int Asked = 10;
        await using CollectorServer collector = await CollectorServer.StartAsync();
        await using Journeys journeys = await Journeys.StartAsync(
            new PodBedOptions { Service = Journeys.Responder() }, "traced_per_second = 100000\n" + Traces("grpc", collector));
        await before(journeys);
        await InPod.RunAsync(journeys.Bed, journeys.Bed.Sidecar,
            $$"""for i in {1..{{Asked}}}; do exec 3<>/dev/tcp/127.0.0.1/{{BedPlan.ServicePort}}; printf 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' | cat >&3; {{read}}; exec 3>&-; done""");

        await Watched.Until(() => Task.FromResult(collector.Traces.Count >= 2 * Asked), $"{2 * Asked} traces have come");
        Assert.All(collector.Traces, trace => Assert.Empty(trace.Mistakes()));
        Assert.Equal(
            [("inside request", false, Asked), ("inside response", isLast, Asked)],
            collector.Traces.GroupBy(trace => (trace.Root.Name, trace.Phase("termination") is not null)).Select(same => (same.Key.Name, same.Key.Item2, same.Count())).Order());
        JourneySamples s = await JourneySamples.ScrapeAsync(journeys.Watched);
        int Closes(string direction) => (int)s.Sum("journey_seconds_count", $"direction={direction}", "phase=close");
        Assert.Equal((isLast ? Asked : 0, Asked), (Closes("request"), Closes("response")));
    }

    [Fact]
    public async Task a_pod_has_no_more_journeys_traced_in_a_second_than_are_allowed_to_it()
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

        // 5 a second, of four journeys each, the first of them at once.
        Assert.All(collector.Traces.Skip(1).SkipLast(1), trace => Assert.Equal("exchange", trace.Root.Name));
        Assert.InRange(collector.Traces.Count, (int)(seconds * 5) - 1, (int)(seconds * 5) + 2);
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
        JourneySamples s = await journeys.ScrapeAsync(Requests);
        if (!journeys.IsWhole(s, Requests))
        {
            return;
        }

        await Watched.Until(async () => await CountAsync(journeys, "pmoas_traces_dropped_total") >= Requests, $"{Requests} traces are counted as dropped");
        Assert.Equal(Requests, await CountAsync(journeys, "pmoas_traces_dropped_total", "reason=\"unreachable\""));
        Assert.Equal(Requests, await CountAsync(journeys, "pmoas_traces_dropped_total"));

        await using CollectorServer back = await CollectorServer.StartAsync(grpc, http);
        await Watched.Until(
            async () =>
            {
                await ExactClient.RunAsync(journeys.Bed, journeys.Bed.SidecarUrl, 10, keepAlive: true);
                await Task.Delay(100);
                return back.Traces.Count > 0;
            },
            "traces come again");
        double all = (await journeys.ScrapeAsync(0)).Journeys("outside", "response");
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
        timeout = "{Math.Min(60, Patience.Of(TimeSpan.FromSeconds(5)).TotalSeconds)}s"
        headers = {"{"} x-token = "let me, in=1" {"}"}

        """;

    /// <summary>It says to its log for each request the port it came from and the port it went on from.</summary>
    private static ContainerCommand SayingHaproxy(BedPlan plan)
    {
        ContainerCommand haproxy = Haproxy.Sidecar(plan);
        string config = Path.Combine(plan.Directory, "haproxy.cfg");
        File.WriteAllText(config, File.ReadAllText(config).Replace("    mode http", "    mode http\n    log stdout format raw local0\n    log-format \"pair %cp %bp\"", StringComparison.Ordinal));
        return haproxy;
    }

    private static void AssertResource(ReceivedTrace trace, PodBed bed)
    {
        Assert.Equal("pmoas.stack_trace", trace.Scope);
        (string, string)[] wanted =
        [
            ("k8s.pod.name", bed.Name), ("k8s.container.name", PodBed.SidecarName), ("service.name", bed.Name), ("pmoas.role", "sidecar"),
            ("k8s.node.name", Environment.MachineName.ToLowerInvariant()), ("telemetry.sdk.language", "dotnet"),
            ("service.instance.id", $"{trace.Resource["k8s.namespace.name"]}.{bed.Name}.{PodBed.SidecarName}"), ("service.namespace", trace.Resource["k8s.namespace.name"]),
        ];
        Assert.All(wanted, attribute => Assert.Equal(attribute.Item2, trace.Resource.GetValueOrDefault(attribute.Item1)));
        Assert.NotEmpty(trace.Resource["k8s.namespace.name"]);
    }

    /// <summary>Four journeys, and between them who had it; to the nanosecond all of the time that it took.</summary>
    private static void AssertExchange(ReceivedTrace trace)
    {
        Assert.Equal("exchange", trace.Root.Name);
        var parts = trace.Under(trace.Root).Select(part => (Span: part, Texts: ReceivedTrace.Texts(part.Attributes))).ToArray();
        Assert.Equal(
            ["inside request", "inside response", "outside request", "outside response", "service", "sidecar", "sidecar"],
            parts.Select(part => part.Span.Name).Order(StringComparer.Ordinal));
        Assert.Equal(
            ["outside request", "inside request", "inside response", "outside response"],
            parts.Where(part => part.Texts.ContainsKey("pmoas.leg")).OrderBy(part => trace.Under(part.Span).Single(phase => phase.Name == "data transfer").StartTimeUnixNano).Select(part => part.Span.Name));
        long Time(string name) => parts.Sum(part => long.Parse(part.Texts.GetValueOrDefault(name, "0"), null));
        Assert.Equal(long.Parse(ReceivedTrace.Texts(trace.Root.Attributes)["pmoas.exchange_ns"], null), Time("pmoas.journey_ns") + Time("pmoas.interval_ns"));
        foreach (var part in parts.Where(part => part.Texts.ContainsKey("pmoas.leg")))
        {
            AssertStages(trace, part.Span, part.Texts);
        }
    }

    /// <summary>Each stage's span begins where the one before ends, and their times are those of the whole.</summary>
    private static void AssertStages(ReceivedTrace trace, Span journey, Dictionary<string, string> texts)
    {
        string[] kind = journey.Name.Split(' ');
        string[] stages = kind[0] == "inside" ? s_whole : kind[1] == "request" ? s_whole[3..] : s_whole[..3];
        var steps = trace.Under(trace.Under(journey).Single(phase => phase.Name == "data transfer"));
        Assert.Equal(stages.Zip(stages.Skip(1), (from, to) => $"{from} -> {to}"), steps.OrderBy(step => Array.IndexOf(s_whole, step.Name.Split(' ')[0])).Select(step => step.Name));
        Assert.Equal(long.Parse(texts["pmoas.journey_ns"], null), steps.Sum(step => long.Parse(ReceivedTrace.Texts(step.Attributes)["pmoas.interval_ns"], null)));
        Assert.Equal((kind[0], kind[1]), (texts["pmoas.leg"], texts["pmoas.direction"]));
        Assert.Equal(kind[0] == "inside" ? BedPlan.ServicePort : BedPlan.SidecarPort, long.Parse(texts[kind[1] == "request" ? "destination.port" : "source.port"], null));
        Assert.All(trace.Under(journey), phase => Assert.NotEmpty(trace.Under(phase)));
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
