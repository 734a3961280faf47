using Pmoas.Host.Health;
using Pmoas.Host.Pods.Cgroups;

namespace Pmoas.Host.Pods;

/// <summary>
/// Has the <see cref="PodDirectory"/> look at the cgroups that the kernel says were made or removed, at once and on the thread that was
/// told, and soon after at what such an event announces. At rest it wakes once a second and does next to nothing.
/// </summary>
/// <param name="directory">The pods.</param>
/// <param name="events">What the kernel says of cgroups.</param>
/// <param name="clock">Shows the watchdog that a look goes on; it takes the directory's lock, so whoever keeps that shows too.</param>
internal sealed class PodWatch(PodDirectory directory, CgroupEvents events, LoopClock clock) : IDisposable
{
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(50);

    // For how long after an event the things it announces are looked for soon.
    private static readonly TimeSpan Aftermath = TimeSpan.FromSeconds(2);

    // Should an event ever be lost, this is how long it matters.
    private static readonly TimeSpan LookAtAllEvery = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _touched = new(initialCount: 1);

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        using IDisposable subscription = events.Subscribe(OnEvents);
        try
        {
            await Loop(stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // asked to stop
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _touched.Dispose();

    private async Task Loop(CancellationToken stopping)
    {
        long lastEvent = Environment.TickCount64;
        long lastLook = lastEvent;
        TimeSpan wait = Soon;
        while (true)
        {
            if (await _touched.WaitAsync(wait, stopping))
            {
                lastEvent = Environment.TickCount64;
                await Task.Delay(Soon, stopping);
            }
            bool open = true;
            clock.Begin("");
            if (Environment.TickCount64 - lastLook >= LookAtAllEvery.TotalMilliseconds)
            {
                lastLook = Environment.TickCount64;
                directory.Look();
            }
            else
            {
                open = directory.LookAtOpen();
            }
            clock.End();
            wait = open && Environment.TickCount64 - lastEvent < Aftermath.TotalMilliseconds ? Soon : Rest;
        }
    }

    private void OnEvents(IReadOnlyList<CgroupEvent> batch)
    {
        if (directory.LookAt(batch) && _touched.CurrentCount == 0)
        {
            _touched.Release();
        }
    }
}
