using Pmoas.Host.Pods.Cgroups;

namespace Pmoas.Host.Pods;

/// <summary>
/// Has the <see cref="PodDirectory"/> look at the cgroups when the kernel says that one was made or removed.
/// At rest it wakes once a second and does next to nothing.
/// </summary>
internal sealed class PodWatch(PodDirectory directory, CgroupEvents events) : IDisposable
{
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(50);

    // mkdir -p and a container's start come in bursts.
    private static readonly TimeSpan Burst = TimeSpan.FromMilliseconds(10);

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
        long lastLook = 0;
        TimeSpan wait = Soon;
        while (true)
        {
            bool touched = await _touched.WaitAsync(wait, stopping);
            bool open = true;
            if (touched)
            {
                await Task.Delay(Burst, stopping);
                while (_touched.Wait(0, stopping))
                {
                    // one look answers every event so far
                }
                lastEvent = Environment.TickCount64;
            }
            if (touched || Environment.TickCount64 - lastLook >= LookAtAllEvery.TotalMilliseconds)
            {
                lastLook = Environment.TickCount64;
                directory.Look();
            }
            else
            {
                open = directory.LookAtOpen();
            }
            wait = open && Environment.TickCount64 - lastEvent < Aftermath.TotalMilliseconds ? Soon : Rest;
        }
    }

    private void OnEvents(IReadOnlyList<CgroupEvent> batch)
    {
        if (batch.Any(one => directory.Concerns(one.Path)) && _touched.CurrentCount == 0)
        {
            _touched.Release();
        }
    }
}
