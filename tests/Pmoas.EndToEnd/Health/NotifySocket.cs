using System.Net.Sockets;
using System.Text;

namespace Pmoas.EndToEnd.Health;

/// <summary>The socket a service manager listens on, and what was said there so far, a line each.</summary>
internal sealed class NotifySocket : IAsyncDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private readonly List<string> _lines = [];
    private readonly Task _reading;

    public NotifySocket(string path)
    {
        Path = path;
        _socket.Bind(new UnixDomainSocketEndPoint(path));
        _reading = ReadAsync();
    }

    public string Path { get; }

    /// <summary>All lines so far, but for those that begin so.</summary>
    public string[] LinesBut(string prefix)
    {
        lock (_gate)
        {
            return [.. _lines.Where(line => !line.StartsWith(prefix, StringComparison.Ordinal))];
        }
    }

    /// <summary>Reads what is still there, now that nobody writes any more: all lines but those that feed the watchdog.</summary>
    public async Task<string[]> EndAsync()
    {
        // Datagrams stay in order: after this one there is nothing of the daemon's.
        using Socket last = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        await last.SendToAsync("WATCHDOG=end"u8.ToArray(), new UnixDomainSocketEndPoint(Path));
        while (Count("WATCHDOG=end") == 0)
        {
            await Task.Delay(10);
        }

        return LinesBut("WATCHDOG=");
    }

    public int Count(string line)
    {
        lock (_gate)
        {
            return _lines.Count(said => said == line);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _socket.Dispose();
        _stopping.Dispose();
    }

    private async Task ReadAsync()
    {
        byte[] buffer = new byte[4096];
        while (true)
        {
            int length = await _socket.ReceiveAsync(buffer, SocketFlags.None, _stopping.Token);
            lock (_gate)
            {
                _lines.AddRange(Encoding.UTF8.GetString(buffer, 0, length).Split('\n'));
            }
        }
    }
}
