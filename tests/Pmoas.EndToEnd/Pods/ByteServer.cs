using System.Net;
using System.Net.Sockets;
using Pmoas.Host.Demo;

namespace Pmoas.EndToEnd.Pods;

/// <summary>A server in a network namespace that reads one byte of each connection and closes it.</summary>
internal sealed class ByteServer : IDisposable
{
    private readonly Socket _listener;
    private readonly Thread _thread;

    private ByteServer(Socket listener)
    {
        _listener = listener;
        _thread = new Thread(Serve) { IsBackground = true, Name = "byte server" };
        _thread.Start();
    }

    /// <summary>Where it listens, at 127.0.0.1 of its namespace.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public static Task<ByteServer> StartAsync(NamedNetns network) => network.RunAsync(() =>
    {
        Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(512);
        return new ByteServer(listener);
    });

    public void Dispose()
    {
        _listener.Dispose();
        _thread.Join();
    }

    private void Serve()
    {
        byte[] one = new byte[1];
        try
        {
            while (true)
            {
                using Socket connection = _listener.Accept();
                connection.Receive(one);
            }
        }
        catch (SocketException)
        {
            // disposed
        }
    }
}
