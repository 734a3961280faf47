using System.Threading.Channels;
using Pmoas.Host.Pods.Sources;

namespace Pmoas.Tests.Pods.Sources;

public sealed class SourceRunTests : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly PretendNode _node = new();
    private readonly HandMovedTime _time = new();
    private readonly RecordedLog _log = new();
    private readonly ScriptedSource _source = new();
    private SourceRun? _run;

    [Fact]
    public async Task what_a_source_tells_is_published_and_counted()
    {
        SourceRun run = Start();

        ISourceOutlet outlet = await _source.NextRunAsync();
        Assert.Equal(new SourceStatus("scripted", "script", "", false, false, TimeSpan.Zero, 0, 0, "", true), run.Status);
        outlet.Publish([Specs.Pod("web"), Specs.Pod("db")]);
        _time.Pass(TimeSpan.FromSeconds(7));

        Assert.True(run.Settled.IsCompletedSuccessfully);
        Assert.Equal(new SourceStatus("scripted", "script", "", true, true, TimeSpan.FromSeconds(7), 2, 0, "", true), run.Status);
        Assert.Equal(["db", "web"], _node.Pods.Pods.Select(pod => pod.Name).Order());
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public async Task a_sign_of_life_makes_it_young_and_changes_no_pod()
    {
        SourceRun run = Start();
        ISourceOutlet outlet = await _source.NextRunAsync();
        outlet.Publish([Specs.Pod("web")]);
        _time.Pass(TimeSpan.FromSeconds(7));

        outlet.Alive();

        Assert.Equal(TimeSpan.Zero, run.Status.Age);
        Assert.Equal(1, run.Status.Pods);
    }

    [Fact]
    public async Task a_failure_is_logged_once_and_again_when_it_is_another()
    {
        SourceRun run = Start();

        await FailAsync("The door is shut: open it.");
        await FailAsync("The door is shut: open it.");
        await FailAsync("The house is gone: build one.");
        await UntilAsync(() => _time.Waiting == 1);

        Assert.Equal(
            [
                "Warning: Source scripted at script does not tell pods now; what it told stays: The door is shut: open it.",
                "Warning: Source scripted at script does not tell pods now; what it told stays: The house is gone: build one.",
            ],
            _log.Lines);
        Assert.Equal((false, true, 3L, "The house is gone: build one."), (run.Status.IsUp, run.Status.HasSettled, run.Status.Failures, run.Status.Problem));
    }

    [Fact]
    public async Task what_it_told_stays_while_it_is_down_and_its_recovery_is_logged()
    {
        SourceRun run = Start();
        (await _source.NextRunAsync()).Publish([Specs.Pod("web")]);

        _source.End(new SourceException("The door is shut: open it."));
        ISourceOutlet again = await AfterPauseAsync();
        Assert.Equal((false, 1), (run.Status.IsUp, run.Status.Pods));
        Assert.Equal(["web"], _node.Pods.Pods.Select(pod => pod.Name));
        again.Alive();

        Assert.Equal((true, "", 1L), (run.Status.IsUp, run.Status.Problem, run.Status.Failures));
        Assert.Equal("Information: Source scripted at script answers again", _log.Lines[^1]);
    }

    [Fact]
    public async Task the_pause_grows_also_for_a_source_that_answers_and_fails_at_once()
    {
        Start();
        foreach (int seconds in new[] { 1, 2, 4, 8 })
        {
            (await _source.NextRunAsync()).Publish([]);
            _source.End(new SourceException("The door is shut: open it."));
            await UntilAsync(() => _time.Waiting == 1);
            _time.Pass(TimeSpan.FromSeconds(seconds * 0.79));
            Assert.Equal(1, _time.Waiting);
            _time.Pass(TimeSpan.FromSeconds(seconds * 0.42));
        }
        await _source.NextRunAsync();
    }

    [Fact]
    public async Task a_container_that_comes_or_goes_ends_a_long_pause_after_a_second()
    {
        SourceRun run = Start();
        for (int i = 0; i < 6; i++)
        {
            await FailAsync("The door is shut: open it.");
        }
        _time.Pass(TimeSpan.FromSeconds(0.5));
        run.Nudge();
        _time.Pass(TimeSpan.FromSeconds(0.4));
        Assert.Equal(1, _time.Waiting);
        _time.Pass(TimeSpan.FromSeconds(0.2));

        await _source.NextRunAsync();
    }

    [Fact]
    public async Task the_pause_is_short_again_after_a_long_good_run()
    {
        Start();
        await FailAsync("The door is shut: open it.");
        await FailAsync("The door is shut: open it.");

        ISourceOutlet outlet = await AfterPauseAsync();
        outlet.Publish([]);
        _time.Pass(TimeSpan.FromMinutes(2));
        _source.End(new SourceException("The door is shut: open it."));
        await UntilAsync(() => _time.Waiting == 1);
        _time.Pass(TimeSpan.FromSeconds(1.2));

        await _source.NextRunAsync();
    }

    [Fact]
    public async Task a_source_that_says_when_to_ask_again_is_asked_then()
    {
        Start();
        await _source.NextRunAsync();
        _source.End(new SourceException("Too many ask: wait.") { RetryAfter = TimeSpan.FromSeconds(30) });
        await UntilAsync(() => _time.Waiting == 1);

        _time.Pass(TimeSpan.FromSeconds(29.9));
        Assert.Equal(1, _time.Waiting);
        _time.Pass(TimeSpan.FromSeconds(0.1));

        await _source.NextRunAsync();
    }

    [Fact]
    public async Task a_fault_nobody_thought_of_is_told_as_such_and_it_runs_again()
    {
        SourceRun run = Start();
        await _source.NextRunAsync();

        _source.End(new InvalidOperationException("no such thing"));
        await AfterPauseAsync();

        Assert.Equal("InvalidOperationException: no such thing; this is a fault of PMOAS, please report it.", run.Status.Problem);
    }

    [Fact]
    public async Task a_source_that_just_ends_runs_again()
    {
        SourceRun run = Start();
        (await _source.NextRunAsync()).Publish([]);

        _source.End(null);
        await AfterPauseAsync();

        Assert.Equal((true, 0L), (run.Status.IsUp, run.Status.Failures));
    }

    [Fact]
    public async Task it_stops_at_once_while_it_runs_and_while_it_pauses()
    {
        SourceRun run = Start();
        await _source.NextRunAsync();
        await run.DisposeAsync().AsTask().WaitAsync(Limit);

        SourceRun pausing = new(_source, 1, false, _node.Pods, _log, _time);
        await _source.NextRunAsync();
        _source.End(new SourceException("The door is shut: open it."));
        await UntilAsync(() => _time.Waiting == 1);
        await pausing.DisposeAsync().AsTask().WaitAsync(Limit);

        Assert.Equal(0, _time.Waiting);
        _run = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_run is not null)
        {
            await _run.DisposeAsync();
        }
        _node.Dispose();
    }

    private SourceRun Start() => _run = new SourceRun(_source, 0, true, _node.Pods, _log, _time);

    private async Task FailAsync(string problem)
    {
        if (_time.Waiting > 0)
        {
            _time.Pass(TimeSpan.FromSeconds(72));
        }
        await _source.NextRunAsync();
        _source.End(new SourceException(problem));
        await UntilAsync(() => _time.Waiting == 1);
    }

    private async Task<ISourceOutlet> AfterPauseAsync()
    {
        await UntilAsync(() => _time.Waiting == 1);
        _time.Pass(TimeSpan.FromSeconds(72));
        return await _source.NextRunAsync();
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        for (int i = 0; i < 1000 && !holds(); i++)
        {
            await Task.Delay(10);
        }
        Assert.True(holds());
    }

    /// <summary>Runs until the test ends the run.</summary>
    private sealed class ScriptedSource : IPodSource
    {
        private readonly Channel<ISourceOutlet> _runs = Channel.CreateUnbounded<ISourceOutlet>();
        private TaskCompletionSource _end = new();

        public string Name => "scripted";

        public string Endpoint => "script";

        public async Task RunAsync(ISourceOutlet outlet, CancellationToken stopping)
        {
            TaskCompletionSource end = _end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _runs.Writer.TryWrite(outlet);
            await end.Task.WaitAsync(stopping);
        }

        public Task<ISourceOutlet> NextRunAsync() => _runs.Reader.ReadAsync().AsTask().WaitAsync(Limit);

        public void End(Exception? why)
        {
            if (why is null)
            {
                _end.SetResult();
            }
            else
            {
                _end.SetException(why);
            }
        }
    }
}
