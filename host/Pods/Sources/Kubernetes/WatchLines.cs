namespace Pmoas.Host.Pods.Sources.Kubernetes;

/// <summary>The lines of a stream that may trickle, stall or never end. Not thread-safe.</summary>
/// <param name="stream">The stream; it stays the caller's.</param>
/// <param name="silence">How long no byte may come.</param>
/// <param name="time">Clock of the silence.</param>
/// <param name="longest">Bytes a line may have.</param>
internal sealed class WatchLines(Stream stream, TimeSpan silence, TimeProvider time, int longest = WatchLines.Longest)
{
    /// <summary>Bytes a line may have: an object of the API is at most some MB.</summary>
    public const int Longest = 16 * 1024 * 1024;

    private const int Usual = 16 * 1024;

    private byte[] _buffer = new byte[Usual];
    private int _start;
    private int _end;

    /// <summary>True when another line can be had without waiting.</summary>
    public bool HasNext => _buffer.AsSpan(_start, _end - _start).Contains((byte)'\n');

    /// <summary>The next line, until the one after it is asked for; null at the end of the stream. A line without an end is no line.</summary>
    /// <exception cref="TimeoutException">No byte came for too long.</exception>
    /// <exception cref="InvalidDataException">The line is too long.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> NextAsync(CancellationToken stopping)
    {
        int looked = 0;
        while (true)
        {
            int at = _buffer.AsSpan(_start + looked, _end - _start - looked).IndexOf((byte)'\n');
            if (at >= 0)
            {
                ReadOnlyMemory<byte> line = _buffer.AsMemory(_start, looked + at);
                _start += looked + at + 1;
                return line;
            }
            looked = _end - _start;
            MakeRoom(looked);
            int read = await ReadAsync(stopping);
            if (read == 0)
            {
                return null;
            }
            _end += read;
        }
    }

    private void MakeRoom(int kept)
    {
        if (kept >= longest)
        {
            throw new InvalidDataException($"a line of more than {longest} bytes");
        }
        // A large pod leaves no large buffer behind.
        int size = Math.Max(Usual, kept < _buffer.Length / 2 ? Math.Min(_buffer.Length, Math.Max(Usual, kept * 4)) : _buffer.Length * 2);
        byte[] room = size == _buffer.Length ? _buffer : new byte[size];
        _buffer.AsSpan(_start, kept).CopyTo(room);
        (_buffer, _start, _end) = (room, 0, kept);
    }

    private async Task<int> ReadAsync(CancellationToken stopping)
    {
        using CancellationTokenSource quiet = new(silence, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(quiet.Token, stopping);
        try
        {
            return await stream.ReadAsync(_buffer.AsMemory(_end), either.Token);
        }
        catch (OperationCanceledException e) when (!stopping.IsCancellationRequested)
        {
            throw new TimeoutException($"nothing came for {silence.TotalSeconds:0.#} s", e);
        }
    }
}
