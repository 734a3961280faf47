using System.Runtime.InteropServices;
using Pmoas.Sdk.Bpf;

namespace Pmoas.KernelTests.Sdk;

public sealed class RingTests : KernelTest
{
    private const int RingBytes = 64 * 1024;
    private const int SampleBytes = 8 + 32;

    [Fact]
    public void every_event_arrives_whole_and_in_order()
    {
        (BpfObject bpf, RingBuffer ring) = Ring();
        ulong next = 1;
        for (int round = 0; round < 20; round++)
        {
            Produce(bpf, 1000);
            Assert.Equal(1000u * SampleBytes, ring.Backlog);
            Assert.Equal(1000, ring.Drain(sample =>
            {
                RingEvent e = MemoryMarshal.Read<RingEvent>(sample);
                Assert.Equal((next, next * 3, 32), (e.Number, e.Payload0, sample.Length));
                next++;
            }));
            Assert.Equal(0ul, ring.Backlog);
        }

        Assert.Equal(20_000ul, ring.Delivered);
        Assert.Equal(new RingCount(20_000, 0), RingBuffer.ReadCount(bpf, "events"));
    }

    [Fact]
    public void attempts_are_delivered_plus_dropped_when_the_ring_overflows()
    {
        (BpfObject bpf, RingBuffer ring) = Ring();
        for (int round = 0; round < 3; round++)
        {
            Produce(bpf, 5000);
            ring.Drain(static _ => { });
        }

        RingCount count = RingBuffer.ReadCount(bpf, "events");
        Assert.Equal(15_000ul, count.Attempts);
        Assert.Equal(3ul * (RingBytes / SampleBytes), ring.Delivered);
        Assert.Equal(count.Attempts, ring.Delivered + count.Dropped);
    }

    [Fact]
    public void attempts_are_delivered_plus_dropped_while_another_thread_produces()
    {
        (BpfObject bpf, RingBuffer ring) = Ring();
        bpf.SetGlobal("wanted", 3000ul);
        BpfProgram produce = bpf.Program("produce");
        bool done = false;
        Thread producer = new(() =>
        {
            for (int i = 0; i < 200; i++)
            {
                TestRun.Once(produce);
            }

            Volatile.Write(ref done, true);
        });
        ulong last = 0;
        ulong outOfOrder = 0;
        RingSampleHandler check = sample =>
        {
            ulong number = MemoryMarshal.Read<ulong>(sample);
            outOfOrder += number > last ? 0ul : 1;
            last = number;
        };
        producer.Start();
        while (!Volatile.Read(ref done))
        {
            ring.Drain(check);
        }

        producer.Join();
        ring.Drain(check);
        RingCount count = RingBuffer.ReadCount(bpf, "events");
        Assert.Equal(600_000ul, count.Attempts);
        Assert.Equal(count.Attempts, ring.Delivered + count.Dropped);
        Assert.Equal(0ul, outOfOrder);
    }

    [Fact]
    public void a_discarded_event_is_not_delivered()
    {
        (BpfObject bpf, RingBuffer ring) = Ring();
        bpf.SetGlobal("discard_every", 4ul);
        Produce(bpf, 100);
        Assert.Equal(75, ring.Drain(sample => Assert.NotEqual(0ul, MemoryMarshal.Read<ulong>(sample) % 4)));
        Assert.Equal((75ul, 25ul), (ring.Delivered, ring.Discarded));
    }

    [Fact]
    public void a_drain_stops_at_its_maximum_and_the_next_goes_on()
    {
        (BpfObject bpf, RingBuffer ring) = Ring();
        Produce(bpf, 100);
        ulong last = 0;
        RingSampleHandler read = sample => last = MemoryMarshal.Read<ulong>(sample);
        Assert.Equal(30, ring.Drain(read, max: 30));
        Assert.Equal(30ul, last);
        Assert.Equal(70, ring.Drain(read));
        Assert.Equal(100ul, last);
        Assert.Equal(0, ring.Drain(read));
    }

    [Fact]
    public void a_drained_event_allocates_nothing()
    {
        (BpfObject bpf, RingBuffer ring) = Ring();
        ulong sum = 0;
        RingSampleHandler add = sample => sum += MemoryMarshal.Read<RingEvent>(sample).Number;
        ring.Drain(add);
        Produce(bpf, 1000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        ring.Drain(add);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(500_500ul, sum);
    }

    [Fact]
    public void a_map_that_is_no_ring_is_refused()
    {
        BpfException e = Assert.Throws<BpfException>(() => new RingBuffer(Load("ring").Map("events_count")));
        Assert.Equal("map events_count is PerCpuArray, not a ring buffer", e.Message);
    }

    private static void Produce(BpfObject bpf, ulong events)
    {
        bpf.SetGlobal("wanted", events);
        TestRun.Once(bpf.Program("produce"));
    }

    private (BpfObject Bpf, RingBuffer Ring) Ring()
    {
        BpfObject bpf = Load("ring");
        return (bpf, Keep(new RingBuffer(bpf.Map("events"))));
    }
}

/// <summary><c>struct ring_event</c> (bpf/ring.bpf.c), field by field.</summary>
public readonly struct RingEvent
{
    public readonly ulong Number;
    public readonly ulong Payload0;
    public readonly ulong Payload1;
    public readonly ulong Payload2;
}
