using Pmoas.Host.Traces;
using Pmoas.Sdk.Traces;

namespace Pmoas.Tests.Traces;

/// <summary>How events of one trace come together before it is written.</summary>
public sealed class WaitingTracesTests
{
    private readonly WaitingTraces<LabEvent> _waiting = new(new Hundreds(), capacity: 6);

    [Fact]
    public void events_of_one_trace_are_written_together_and_of_two_that_tell_of_the_same_the_later_counts()
    {
        Add(100, 1);
        Add(201, 2);
        Add(101, 3);
        Add(199, 4);
        Add(100, 5);

        Assert.Equal(["100:5 101:3 199:4", "201:2"], Take(all: true));
        Assert.Empty(Take(all: true));
    }

    [Fact]
    public void one_that_is_whole_waits_a_while_for_what_may_be_told_again()
    {
        Add(100, 1);
        Add(199, 2);

        Assert.Empty(Take(all: false));
        Assert.Equal(["100:1 199:2"], Take(all: true));
    }

    [Fact]
    public void when_no_more_may_wait_the_oldest_that_are_not_whole_are_written_until_one_may()
    {
        foreach (ulong number in (ulong[])[100, 200, 299, 300, 400, 401])
        {
            Assert.False(_waiting.IsFull);
            Add(number, 1);
        }

        Assert.True(_waiting.IsFull);
        Assert.Equal(["100:1"], Take(all: false));
        Assert.False(_waiting.IsFull);
        Assert.Equal(["200:1 299:1", "300:1", "400:1 401:1"], Take(all: true));
    }

    private void Add(ulong number, ulong nanoseconds) => _waiting.Add(new LabEvent(1, number, nanoseconds));

    private List<string> Take(bool all)
    {
        List<string> taken = [];
        _waiting.TakeDue(all, events => taken.Add(string.Join(' ', events.ToArray().Select(e => $"{e.Number}:{e.Nanoseconds}"))));
        return taken;
    }

    /// <summary>A hundred numbers are a trace, and the last of them makes it whole.</summary>
    private sealed class Hundreds : TraceFormat<LabEvent>
    {
        public override ulong Identity(in LabEvent value) => value.Number;

        public override ulong Trace(in LabEvent value) => value.Number / 100;

        public override bool IsWhole(ReadOnlySpan<LabEvent> values) => values[^1].Number % 100 == 99;

        public override void Write(ReadOnlySpan<LabEvent> values, TraceWriter writer) => throw new NotSupportedException();
    }
}
