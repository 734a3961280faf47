using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Pmoas.Host.Pods.Cgroups;

namespace Pmoas.Tests.Pods.Cgroups;

/// <summary>On a temporary directory: inotify tells of it as of a cgroup hierarchy. The real one is in Pmoas.KernelTests.</summary>
public sealed class CgroupEventsTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("pmoas-events-").FullName;
    private readonly ConcurrentQueue<string> _seen = new();
    private readonly CgroupTree _tree;

    public CgroupEventsTests() => _tree = new CgroupTree(CgroupMode.V2, _root);

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void what_is_there_is_told_at_once_and_parents_come_first()
    {
        Make("/a/b");
        Make("/a/c");
        using CgroupEvents events = new(_tree, NullLogger.Instance);
        using IDisposable subscription = events.Subscribe(Note);

        Assert.Equal(["+/a", "+/a/b", "+/a/c"], _seen);
    }

    [Fact]
    public void makings_and_removals_come_in_order_also_of_a_whole_path_made_at_once()
    {
        using CgroupEvents events = new(_tree, NullLogger.Instance);
        using IDisposable subscription = events.Subscribe(Note);

        Make("/a/b/c");
        Until(3);
        Directory.Delete(_root + "/a/b/c");
        Directory.Delete(_root + "/a/b");
        Make("/a/b");
        Until(6);

        Assert.Equal(["+/a", "+/a/b", "+/a/b/c", "-/a/b/c", "-/a/b", "+/a/b"], _seen);
    }

    [Fact]
    public void a_thousand_short_lives_are_each_told_once()
    {
        using CgroupEvents events = new(_tree, NullLogger.Instance);
        using IDisposable subscription = events.Subscribe(Note);
        for (int i = 0; i < 1000; i++)
        {
            Make($"/pod{i}/container");
            Directory.Delete($"{_root}/pod{i}/container");
            Directory.Delete($"{_root}/pod{i}");
        }

        // The inner one may be gone before its parent could be watched; the outer one never is missed.
        SpinWait.SpinUntil(() => _seen.Contains("-/pod999"), TimeSpan.FromSeconds(10));
        string[] outer = [.. _seen.Where(e => !e.EndsWith("container", StringComparison.Ordinal))];
        Assert.Equal(Enumerable.Range(0, 1000).SelectMany(i => new[] { $"+/pod{i}", $"-/pod{i}" }), outer);
        string[] inner = [.. _seen.Where(e => e.EndsWith("container", StringComparison.Ordinal))];
        Assert.Equal(inner.Length, inner.Distinct().Count());
    }

    [Fact]
    public void nothing_is_told_once_the_subscription_ended()
    {
        using CgroupEvents events = new(_tree, NullLogger.Instance);
        using (events.Subscribe(Note))
        {
            Make("/a");
            Until(1);
        }
        Make("/b");
        using (events.Subscribe(Note))
        {
            Until(3);
        }

        Assert.Equal(["+/a", "+/a", "+/b"], _seen);
    }

    [Fact]
    public async Task a_handler_that_throws_is_told_and_takes_nobody_with_it()
    {
        using CgroupEvents events = new(_tree, NullLogger.Instance);
        using IDisposable subscription = events.Subscribe(batch =>
        {
            if (batch.Count > 0)
            {
                throw new InvalidOperationException("told to throw");
            }
        });

        Make("/a");

        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(
            () => events.Ended.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
        Assert.Equal("told to throw", e.Message);
    }

    [Fact]
    public void ends_at_once_and_twice_does_no_harm()
    {
        CgroupEvents events = new(_tree, NullLogger.Instance);
        Stopwatch watch = Stopwatch.StartNew();
        events.Dispose();
        events.Dispose();

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2));
    }

    private void Make(string path) => Directory.CreateDirectory(_root + path);

    private void Note(IReadOnlyList<CgroupEvent> batch)
    {
        foreach (CgroupEvent one in batch)
        {
            _seen.Enqueue($"{(one.IsGone ? "-" : "+")}{one.Path}");
        }
    }

    private void Until(int count) =>
        Assert.True(SpinWait.SpinUntil(() => _seen.Count >= count, TimeSpan.FromSeconds(10)), $"only {string.Join(", ", _seen)}");
}
