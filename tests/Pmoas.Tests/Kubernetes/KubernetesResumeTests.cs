using System.Globalization;
using static Pmoas.Tests.Kubernetes.KubePods;

namespace Pmoas.Tests.Kubernetes;

public sealed class KubernetesResumeTests : IAsyncLifetime
{
    private KubernetesLab _lab = null!;

    public async ValueTask InitializeAsync()
    {
        _lab = await KubernetesLab.StartAsync();
        _lab.Api.Put(Pod("web"));
    }

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    [Fact]
    public async Task a_connection_that_drops_in_the_midst_of_a_line_is_resumed_without_a_list()
    {
        _ = _lab.Run();
        await _lab.FollowedAsync();
        long listed = _lab.Api.Version;

        _lab.Api.DropWatches();
        _lab.Api.Put(Pod("db"));

        await _lab.PodsAsync("web", "db");
        Assert.Equal(1, _lab.Api.Traffic.Lists);
        Assert.Equal([Text(listed)], _lab.Api.Traffic.WatchVersions.Distinct());
    }

    [Fact]
    public async Task a_watch_that_ends_in_order_is_resumed_from_the_event_heard_last()
    {
        _ = _lab.Run();
        await _lab.WatchedAsync();
        _lab.Api.Put(Pod("db"));
        await _lab.PodsAsync("web", "db");
        long heard = _lab.Api.Version;

        _lab.Api.EndWatches();
        await _lab.WatchedAsync(2);
        _lab.Api.Put(Pod("cache"));

        await _lab.PodsAsync("web", "db", "cache");
        Assert.Equal((1, Text(heard)), (_lab.Api.Traffic.Lists, _lab.Api.Traffic.WatchVersions[1]));
    }

    [Fact]
    public async Task a_bookmark_moves_the_version_a_watch_resumes_from()
    {
        _ = _lab.Run();
        await _lab.WatchedAsync();
        int signs = _lab.Published.Signs;
        _lab.Api.Advance();
        _lab.Api.Advance();
        _lab.Api.SendBookmarks();
        await KubernetesLab.UntilAsync(() => _lab.Published.Signs > signs);
        _lab.Api.Compact(); // what was before the bookmark is forgotten

        _lab.Api.DropWatches();
        await _lab.WatchedAsync(2);

        Assert.Equal((1, Text(_lab.Api.Version)), (_lab.Api.Traffic.Lists, _lab.Api.Traffic.WatchVersions[1]));
    }

    [Fact]
    public async Task a_watch_the_server_ends_when_its_time_is_over_is_resumed()
    {
        _lab.Options.WatchTimeout = TimeSpan.FromSeconds(1);
        _ = _lab.Run();

        await _lab.WatchedAsync(3);

        Assert.Equal(1, _lab.Api.Traffic.Lists);
    }

    [Fact]
    public async Task a_watch_that_is_refused_with_410_makes_one_list()
    {
        _lab.Api.Refuse("watch", 410, times: 1);

        _ = _lab.Run();
        await _lab.WatchedAsync(2);
        _lab.Api.Put(Pod("db"));

        await _lab.PodsAsync("web", "db");
        Assert.Equal((2, 2), (_lab.Api.Traffic.Lists, _lab.Api.Traffic.Watches));
    }

    [Fact]
    public async Task a_410_in_the_midst_of_a_watch_makes_one_list_that_forgets_what_is_gone()
    {
        _lab.Api.Put(Pod("db"));
        _ = _lab.Run();
        await _lab.PodsAsync("web", "db");
        await _lab.WatchedAsync();

        _lab.Api.IsSilent = true;
        _lab.Api.Delete("shop", "db");
        await KubernetesLab.UntilAsync(() => _lab.Api.Traffic.Lost > 0);
        _lab.Api.IsSilent = false;
        _lab.Api.Compact();
        _lab.Api.SendErrors(410, "Expired", "too old resource version");

        await _lab.PodsAsync("web");
        await _lab.WatchedAsync(2);
        Assert.Equal((2, 2), (_lab.Api.Traffic.Lists, _lab.Api.Traffic.Watches));
    }

    [Fact]
    public async Task a_watch_from_a_forgotten_version_makes_one_list()
    {
        _ = _lab.Run();
        await _lab.FollowedAsync();

        _lab.Api.Advance();
        _lab.Api.Compact();
        _lab.Api.DropWatches();
        await _lab.WatchedAsync(3);

        Assert.Equal((2, 3), (_lab.Api.Traffic.Lists, _lab.Api.Traffic.Watches));
    }

    [Fact]
    public async Task a_server_that_always_says_410_is_not_asked_for_ever()
    {
        _lab.Api.Refuse("watch", 410);

        Assert.Equal(
            $"The API server {_lab.Api.Url} sent 410 Gone for the version it had just told itself: see whether {_lab.Kubeconfig} names a Kubernetes API "
            + "server, and what stands between it and this node.",
            await _lab.ProblemAsync());
        Assert.Equal(3, _lab.Api.Traffic.Lists);
    }

    [Fact]
    public async Task a_list_whose_next_page_is_forgotten_is_begun_anew()
    {
        for (int i = 0; i < 600; i++)
        {
            _lab.Api.Put(Pod($"web-{i}"));
        }
        _lab.Api.RefusePage(410);

        _ = _lab.Run();

        Assert.Equal(601, (await _lab.Published.NextAsync()).Count);
        Assert.Equal((2, 4), (_lab.Api.Traffic.Lists, _lab.Api.Traffic.ListPages));
    }

    [Fact]
    public async Task a_half_dead_connection_is_given_up_and_nothing_is_lost()
    {
        _lab.Options.WatchTimeout = TimeSpan.FromSeconds(1);
        _lab.Api.IsSilent = true;
        _ = _lab.Run();
        await _lab.WatchedAsync();
        _lab.Api.Put(Pod("db"));
        await KubernetesLab.UntilAsync(() => _lab.Api.Traffic.Lost > 0);

        _lab.Api.IsSilent = false;

        await _lab.PodsAsync("web", "db");
        Assert.Equal(1, _lab.Api.Traffic.Lists);
        Assert.InRange(_lab.Api.Traffic.Watches, 2, int.MaxValue);
    }

    [Fact]
    public async Task a_slow_stream_is_read_to_the_end()
    {
        _lab.Options.WatchTimeout = TimeSpan.FromSeconds(30);
        _lab.Api.Trickle = (50, TimeSpan.FromMilliseconds(50));
        _ = _lab.Run();
        await _lab.WatchedAsync();

        _lab.Api.Put(Pod("db"));

        await _lab.PodsAsync("web", "db");
        Assert.Equal((1, 1), (_lab.Api.Traffic.Lists, _lab.Api.Traffic.Watches));
    }

    [Fact]
    public async Task a_server_that_ends_every_watch_at_once_is_left_alone_for_a_while()
    {
        Task run = _lab.Run();
        for (int i = 0; i < 2000 && !run.IsCompleted; i++)
        {
            _lab.Api.EndWatches();
            await Task.Delay(10);
        }

        Host.Pods.Sources.SourceException e = await Assert.ThrowsAsync<Host.Pods.Sources.SourceException>(() => run.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.StartsWith($"The API server {_lab.Api.Url} sent 5 watches in a row that ended at once: ", e.Message, StringComparison.Ordinal);
    }

    private static string Text(long version) => version.ToString(CultureInfo.InvariantCulture);
}
