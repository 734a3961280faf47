using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Pmoas.Host.Demo;

/// <summary>One TCP connection speaking HTTP/1.1, with its bytes counted. Made in the network namespace of the constructing thread; one thread at a time.</summary>
internal sealed class ExactConnection : IDisposable
{
    private static readonly int s_timeoutMilliseconds = (int)Patience.Of(TimeSpan.FromSeconds(10)).TotalMilliseconds;

    private readonly Socket _socket;
    private readonly Uri _url;
    private readonly byte[] _buffer = new byte[65536];
    private bool _closing;

    /// <summary>Connects.</summary>
    internal ExactConnection(Uri url)
    {
        _url = url;
        IPAddress address = IPAddress.Parse(url.Host.Trim('[', ']'));
        _socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            ReceiveTimeout = s_timeoutMilliseconds,
            SendTimeout = s_timeoutMilliseconds,
        };
        _socket.Connect(address, url.Port);
    }

    /// <summary>Requests answered.</summary>
    internal int Requests { get; private set; }

    internal long SentBytes { get; private set; }

    internal long ReceivedBytes { get; private set; }

    internal long BodyBytes { get; private set; }

    /// <summary>Sends a request and reads its response.</summary>
    /// <param name="close">Asks the server to close after it.</param>
    internal void Request(bool close = false)
    {
        Send(close);
        Receive();
    }

    /// <summary>Sends a request.</summary>
    internal void Send(bool close)
    {
        _closing = close;
        byte[] request = Encoding.ASCII.GetBytes(
            $"GET {_url.PathAndQuery} HTTP/1.1\r\nHost: {_url.Authority}\r\n{(close ? "Connection: close\r\n" : "")}\r\n");
        for (int sent = 0; sent < request.Length;)
        {
            sent += _socket.Send(request.AsSpan(sent));
        }

        SentBytes += request.Length;
    }

    /// <summary>Reads one response; to the end of the connection when it was asked to close.</summary>
    /// <exception cref="InvalidDataException">The response is not a whole 200 with a <c>Content-Length</c>.</exception>
    internal void Receive()
    {
        int filled = 0;
        int headerLength;
        while ((headerLength = _buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8)) < 0)
        {
            filled += Read(_buffer.AsSpan(filled));
        }

        headerLength += 4;
        long length = ContentLength(Encoding.ASCII.GetString(_buffer, 0, headerLength));
        long body = filled - headerLength;
        while (body < length)
        {
            body += Read(_buffer);
        }

        if (body > length || (_closing && _socket.Receive(_buffer) != 0))
        {
            throw new InvalidDataException($"{_url} sent more than the {length} bytes it announced.");
        }

        BodyBytes += length;
        Requests++;
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private int Read(Span<byte> into)
    {
        int read = _socket.Receive(into);
        ReceivedBytes += read;
        return read > 0 ? read : throw new InvalidDataException($"{_url} closed the connection within a response.");
    }

    private long ContentLength(string header)
    {
        const string Field = "content-length:";
        string? line = header.Split("\r\n").FirstOrDefault(line => line.StartsWith(Field, StringComparison.OrdinalIgnoreCase));
        return header.Split(' ') is [_, "200", ..] && line is not null
            ? long.Parse(line.AsSpan(Field.Length), CultureInfo.InvariantCulture)
            : throw new InvalidDataException($"{_url} answered without 200 and Content-Length: {header.ReplaceLineEndings(" | ")}");
    }
}
