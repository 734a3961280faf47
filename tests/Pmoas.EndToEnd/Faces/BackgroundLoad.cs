using Pmoas.Host.Demo;

namespace Pmoas.EndToEnd.Faces;

/// <summary>Load that goes on until it is disposed.</summary>
internal sealed class BackgroundLoad : IAsyncDisposable
{
    private readonly CancellationTokenSource _over = new();
    private readonly Task _running;

    internal BackgroundLoad(PodBed bed) => _running = RunAsync(bed, _over.Token);

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _running;
        _over.Dispose();
    }

    private static async Task RunAsync(PodBed bed, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            await Load.RunAsync(bed, 300, 1, keepAlive: false, CancellationToken.None);
        }
    }
}
