using System.Diagnostics;
using Pmoas.FakeCollector;
using Pmoas.Host.Config;
using Pmoas.Host.Traces;

namespace Pmoas.Tests.Traces;

/// <summary>What becomes of traces, whatever the collector does.</summary>
public sealed class TraceExportTests
{
    [Theory]
    [InlineData(nameof(TraceProtocol.Grpc))]
    [InlineData(nameof(TraceProtocol.HttpProtobuf))]
    public async Task each_trace_arrives_once_and_says_whose_it_is(string protocol)
    {
        await using TraceLab lab = await TraceLab.StartAsync(new TracesOptions { Protocol = Enum.Parse<TraceProtocol>(protocol) });

        lab.Tell(lab.Events(1500));
        await lab.CountedAsync(1500);

        Assert.Equal(1500, await lab.ExportedAsync());
        Assert.Equal(1500, lab.Collector.Traces.Count);
        Assert.All(lab.Collector.Traces, trace => Assert.Empty(trace.Mistakes()));
        Assert.All(lab.Collector.Traces, trace => Assert.Equal(1000UL, trace.Root.EndTimeUnixNano - trace.Root.StartTimeUnixNano));
        Assert.Equal(Enumerable.Range(1, 1500).Select(i => $"{i}"), lab.Collector.Traces.Select(trace => ReceivedTrace.Texts(trace.Root.Attributes)["lab.number"]));
        Assert.Equal(2, lab.Collector.Requests.Count); // of 2048 spans at most
        Dictionary<string, string> resource = lab.Collector.Traces[0].Resource.Where(a => !a.Key.StartsWith("telemetry.sdk.", StringComparison.Ordinal)).ToDictionary();
        Assert.Equal(
            [
                "container.id=c0ffee", "container.image.name=registry:5000/team/app", "container.image.tags=1.2", "k8s.container.name=app", "k8s.deployment.name=web",
                "k8s.namespace.name=shop", "k8s.node.name=node-1", "k8s.pod.name=web-1", "k8s.pod.uid=uid-1", "pmoas.role=service",
                "service.instance.id=shop.web-1.app", "service.name=front", "service.namespace=shop",
            ],
            resource.Select(a => $"{a.Key}={a.Value}").Order(StringComparer.Ordinal));
        Assert.Empty(lab.Log.Lines);
    }

    [Fact]
    public async Task events_with_one_number_are_one_trace_and_the_last_counts()
    {
        await using TraceLab lab = await TraceLab.StartAsync();

        lab.Tell(lab.Event(1, 1000), lab.Event(2, 2000), lab.Event(1, 3000));
        await lab.CountedAsync(2);

        Assert.Equal([2000UL, 3000UL], lab.Collector.Traces.Select(trace => trace.Root.EndTimeUnixNano - trace.Root.StartTimeUnixNano).Order());
    }

    [Fact]
    public async Task a_collector_that_refuses_is_told_of_once_and_has_what_comes_after()
    {
        await using TraceLab lab = await TraceLab.StartAsync();
        lab.Collector.Mood = Mood.Refusing;

        for (int i = 1; i <= 3; i++)
        {
            lab.Tell(lab.Events(100));
            await lab.CountedAsync(100 * i);
        }

        Assert.Equal(300, await lab.DroppedAsync(TraceDrop.Refused));
        string told = Assert.Single(lab.Log.Lines);
        Assert.StartsWith($"Warning: the collector http://127.0.0.1:{lab.Collector.GrpcPort} takes no traces: it answered HTTP 200", told, StringComparison.Ordinal);

        lab.Collector.Mood = Mood.Well;
        int dropped = 300, all = 300;
        for (; await lab.ExportedAsync() == 0; dropped = await lab.DroppedAsync(TraceDrop.Refused))
        {
            lab.Tell(lab.Event(1));
            await lab.CountedAsync(++all);
        }

        Assert.Equal(1, await lab.ExportedAsync());
        Assert.Equal(all - 1, dropped);
        Assert.Single(lab.Collector.Traces);
        Assert.Equal(2, lab.Log.Lines.Length);
        Assert.StartsWith("Information: the collector", lab.Log.Lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task a_collector_that_says_nothing_holds_nobody_up()
    {
        await using TraceLab lab = await TraceLab.StartAsync(new TracesOptions { Timeout = TimeSpan.FromMilliseconds(500), Protocol = TraceProtocol.HttpProtobuf });
        lab.Collector.Mood = Mood.Silent;

        long began = Stopwatch.GetTimestamp();
        lab.Tell(lab.Events(4000));
        double handedOver = Stopwatch.GetElapsedTime(began).TotalSeconds;
        await lab.CountedAsync(4000);

        Assert.True(handedOver < 2, $"{handedOver} s");
        Assert.Equal(4000, await lab.DroppedAsync(TraceDrop.Timeout));
        Assert.Equal(1, lab.Collector.Asked);
        Assert.EndsWith("it did not answer in time; they are dropped and counted in pmoas_traces_dropped_total until it does", Assert.Single(lab.Log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task what_comes_faster_than_it_is_written_is_counted()
    {
        await using TraceLab lab = await TraceLab.StartAsync(new TracesOptions { MaxQueue = 16 });

        lab.Tell(lab.Events(10000));
        await lab.CountedAsync(10000);

        int queue = await lab.DroppedAsync(TraceDrop.Queue);
        Assert.InRange(queue, 10000 - 200, 10000 - 16);
        Assert.Equal(10000 - queue, lab.Collector.Traces.Count);
    }

    [Fact]
    public async Task nobody_there_and_nobody_known_are_reasons_of_their_own()
    {
        await using TraceLab lab = await TraceLab.StartAsync();
        lab.Tell(new LabEvent(lab.App.Id + 1, 1, 1000));
        await lab.CountedAsync(1);
        await lab.Collector.DisposeAsync();

        lab.Tell(lab.Events(10));
        await lab.CountedAsync(11);

        Assert.Equal(1, await lab.DroppedAsync(TraceDrop.Nameless));
        Assert.Equal(10, await lab.DroppedAsync(TraceDrop.Unreachable));
        Assert.Single(lab.Log.Lines);
    }

    [Fact]
    public async Task a_format_that_does_not_end_what_it_began_is_its_plugins_fault()
    {
        await using TraceLab lab = await TraceLab.StartAsync();

        lab.Tell(lab.Event(1, nanoseconds: 0));

        Assert.Contains("the span \"whole\" was not ended", Assert.Single(lab.Faults).Message, StringComparison.Ordinal);
        lab.Tell(lab.Event(2));
        await lab.CountedAsync(1);
        Assert.Single(lab.Collector.Traces);
    }

    [Fact]
    public async Task what_is_left_at_the_end_is_handed_on()
    {
        await using TraceLab lab = await TraceLab.StartAsync();

        lab.Tell(lab.Events(100));
        lab.Export.Dispose();

        Assert.Equal(100, lab.Collector.Traces.Count);
        Assert.Equal(100, await lab.ExportedAsync());
    }
}
