using Pmoas.Host.Exposition;
using Pmoas.Host.Health;

namespace Pmoas.Tests.Exposition;

public sealed class ScrapeCycleTests
{
    private readonly List<string> _done = [];
    private readonly List<string> _faults = [];
    private readonly ScrapeCycle _cycle;

    public ScrapeCycleTests() => _cycle = new ScrapeCycle((plugin, fault) => _faults.Add($"{plugin}: {fault.Message}"), Clock());

    [Fact]
    public void a_step_that_throws_faults_its_plugin_once_and_the_others_go_on()
    {
        _cycle.Join("a", [Step("a1"), () => throw new InvalidOperationException("broken"), Step("a3")]);
        _cycle.Join("b", [Step("b1"), Step("b2")]);
        _cycle.Run();
        _cycle.Run();
        Assert.Equal(["a1", "b1", "b2", "b1", "b2"], _done);
        Assert.Equal(["a: broken"], _faults);
    }

    [Fact]
    public void a_plugin_can_be_taken_out_by_its_own_fault_report()
    {
        PluginScrape? scrape = null;
        var cycle = new ScrapeCycle((_, _) => scrape!.Dispose(), Clock());
        scrape = cycle.Join("a", [() => throw new InvalidOperationException("broken")]);
        cycle.Run();
        Assert.Null(cycle.Collecting);
        Assert.True(scrape.Ended);
    }

    [Fact]
    public void a_plugin_that_left_is_not_run_not_even_for_its_last_numbers()
    {
        PluginScrape scrape = _cycle.Join("a", [Step("a")]);
        _cycle.RunLast(scrape);
        Assert.Equal(["a"], _done);
        scrape.Dispose();
        _cycle.Run();
        _cycle.RunLast(scrape);
        Assert.Equal(["a"], _done);
    }

    [Fact]
    public async Task leaving_waits_for_the_step_that_runs()
    {
        using var entered = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        bool finished = false;
        PluginScrape scrape = _cycle.Join("a", [() =>
        {
            entered.Set();
            release.Wait(TestContext.Current.CancellationToken);
            finished = true;
        }]);
        var run = Task.Run(_cycle.Run, TestContext.Current.CancellationToken);
        entered.Wait(TestContext.Current.CancellationToken);
        Assert.Equal("a", _cycle.Collecting);
        var leave = Task.Run(() =>
        {
            scrape.Dispose();
            return finished;
        }, TestContext.Current.CancellationToken);
        await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.False(leave.IsCompleted);
        release.Set();
        Assert.True(await leave);
        await run;
    }

    private static LoopClock Clock() => new("collecting from plugin", LoopClock.UsualLimit, TimeProvider.System);

    private Action Step(string name) => () => _done.Add(name);
}
