using Pmoas.Host.Overview;
using Spectre.Console;

namespace Pmoas.Host.Top;

/// <summary>The screen, kept up to date until the user quits.</summary>
/// <param name="console">The terminal.</param>
/// <param name="scrape">Reads the daemon; throws <see cref="DaemonException"/> when it cannot.</param>
/// <param name="interval">Time between two scrapes.</param>
internal sealed class TopLoop(IAnsiConsole console, Func<CancellationToken, Task<NodeTotals>> scrape, TimeSpan interval)
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);

    /// <summary>Runs until the user quits or it is stopped.</summary>
    /// <exception cref="DaemonException">The daemon did not answer at the beginning; later that is shown, and it is asked again.</exception>
    internal async Task RunAsync(TopState state, CancellationToken stopping)
    {
        NodeTotals before = await scrape(stopping);
        await Task.Delay(interval < First ? interval : First, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (stopping.IsCancellationRequested)
        {
            return;
        }

        NodeTotals after = await scrape(stopping);
        NodeOverview shown = Comparison.Of(before, after);
        bool alternate = console.Profile.Capabilities is { Ansi: true, AlternateBuffer: true };
        if (alternate)
        {
            console.Write(new ControlCode("\e[?1049h\e[H"));
        }

        try
        {
            await ShowAsync(state, after, shown, stopping);
        }
        finally
        {
            if (alternate)
            {
                console.Write(new ControlCode("\e[?1049l"));
            }
        }
    }

    private Task ShowAsync(TopState state, NodeTotals last, NodeOverview shown, CancellationToken stopping) => console
        .Live(TopView.Draw(state, shown, null, console.Profile.Width, console.Profile.Height))
        .AutoClear(false).Overflow(VerticalOverflow.Crop).Cropping(VerticalOverflowCropping.Bottom)
        .StartAsync(async screen =>
        {
            using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            string? trouble = null;
            Task<ConsoleKeyInfo?> key = console.Input.ReadKeyAsync(intercept: true, over.Token);
            Task tick = Task.Delay(interval, over.Token);
            while (!state.IsOver && !stopping.IsCancellationRequested)
            {
                screen.UpdateTarget(TopView.Draw(state, shown, trouble, console.Profile.Width, console.Profile.Height));
                screen.Refresh();
                if (await Task.WhenAny(key, tick) == key)
                {
                    if (!key.IsCompletedSuccessfully)
                    {
                        break; // stopped, or the terminal is gone
                    }

                    state = key.Result is { } pressed ? state.Press(pressed, shown) : state;
                    key = state.IsOver ? key : console.Input.ReadKeyAsync(intercept: true, over.Token);
                    continue;
                }

                try
                {
                    NodeTotals now = await scrape(stopping);
                    shown = state.IsPaused ? shown : Comparison.Of(last, now);
                    (last, trouble) = (now, null);
                }
                catch (DaemonException e)
                {
                    trouble = e.Message;
                }
                catch (OperationCanceledException)
                {
                    break;
                }

                tick = Task.Delay(interval, over.Token);
            }

            await over.CancelAsync();
            await Task.WhenAll(key, tick).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });
}
