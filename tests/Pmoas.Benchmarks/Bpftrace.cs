using System.Diagnostics;
using Pmoas.Host.Demo;

namespace Pmoas.Benchmarks;

/// <summary>
/// The times between stages of the stack as one measures them at a prompt: a time stamp for each packet at each stage, found again by the packet's
/// address. All packets of the machine, for such a script does not know pods.
/// </summary>
internal sealed class Bpftrace : IAsyncDisposable
{
    private const string Script = """
        tracepoint:net:net_dev_queue { @queued[args->skbaddr] = nsecs; }
        tracepoint:net:net_dev_start_xmit /@queued[args->skbaddr]/ { @queue_to_xmit = hist(nsecs - @queued[args->skbaddr]); @sent[args->skbaddr] = nsecs; }
        tracepoint:net:netif_receive_skb /@sent[args->skbaddr]/ { @xmit_to_receive = hist(nsecs - @sent[args->skbaddr]); delete(@sent[args->skbaddr]); @received[args->skbaddr] = nsecs; }
        tracepoint:skb:skb_copy_datagram_iovec /@received[args->skbaddr]/ { @receive_to_copy = hist(nsecs - @received[args->skbaddr]); @total = hist(nsecs - @queued[args->skbaddr]); delete(@received[args->skbaddr]); delete(@queued[args->skbaddr]); }
        BEGIN { printf("attached\n"); }
        """;

    private readonly Process _process;

    private Bpftrace(Process process) => _process = process;

    /// <summary>Starts it; returns when it is attached.</summary>
    internal static async Task<Bpftrace> StartAsync()
    {
        Process process = Process.Start(new ProcessStartInfo(Executable.Find("bpftrace"), ["-B", "line", "-e", Script]) { RedirectStandardOutput = true })!;
        Bpftrace tracer = new(process);
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.Contains("attached", StringComparison.Ordinal))
            {
                _ = process.StandardOutput.ReadToEndAsync(); // its histograms, at its end
                return tracer;
            }
        }

        await tracer.DisposeAsync();
        throw new InvalidOperationException("bpftrace did not come to attach its script");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _ = Signals.Send(_process.Id, Signals.Terminate);
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
