namespace Pmoas.Host.Demo;

/// <summary>What an <see cref="ExactClient"/> did, to the byte.</summary>
/// <param name="Connections">Connections made.</param>
/// <param name="Requests">Requests answered.</param>
/// <param name="SentBytes">Bytes of all requests.</param>
/// <param name="ReceivedBytes">Bytes of all responses, headers and bodies.</param>
/// <param name="BodyBytes">Bytes of all bodies.</param>
internal sealed record ExactTraffic(int Connections, int Requests, long SentBytes, long ReceivedBytes, long BodyBytes);

/// <summary>An HTTP/1.1 client outside the pod that counts what passed its sockets, in both directions.</summary>
internal static class ExactClient
{
    /// <summary>Sends requests over so many connections at a time, each kept open or closed by the server after its response.</summary>
    /// <param name="bed">The pod.</param>
    /// <param name="url">Address in the pod.</param>
    /// <param name="requests">How many in all.</param>
    /// <param name="keepAlive">False: a new connection for each request.</param>
    /// <param name="connections">Connections open at the same time; 1 is one after the other.</param>
    internal static Task<ExactTraffic> RunAsync(PodBed bed, Uri url, int requests, bool keepAlive, int connections = 1) =>
        RunAsync(bed.ClientNetns, url, requests, keepAlive, connections);

    /// <summary>The same from any network namespace.</summary>
    internal static Task<ExactTraffic> RunAsync(NamedNetns from, Uri url, int requests, bool keepAlive, int connections = 1) =>
        from.RunAsync(() => Run(url, requests, keepAlive, connections));

    /// <summary>Opens one connection from outside the pod and leaves it to the caller.</summary>
    internal static Task<ExactConnection> OpenAsync(PodBed bed, Uri url) => bed.ClientNetns.RunAsync(() => new ExactConnection(url));

    private static ExactTraffic Run(Uri url, int requests, bool keepAlive, int connections)
    {
        ExactTraffic total = new(0, 0, 0, 0, 0);
        List<ExactConnection> open = [];
        try
        {
            int done = 0;
            while (done < requests)
            {
                int batch = Math.Min(connections, requests - done);
                Open(open, url, batch);
                List<ExactConnection> turn = open.GetRange(0, batch);
                turn.ForEach(connection => connection.Send(close: !keepAlive));
                turn.ForEach(connection => connection.Receive());
                done += batch;
                if (!keepAlive || done == requests)
                {
                    total = open.Aggregate(total, Add);
                    open.ForEach(connection => connection.Dispose());
                    open.Clear();
                }
            }
        }
        finally
        {
            open.ForEach(connection => connection.Dispose());
        }

        return total;
    }

    private static void Open(List<ExactConnection> open, Uri url, int wanted)
    {
        while (open.Count < wanted)
        {
            open.Add(new ExactConnection(url));
        }
    }

    private static ExactTraffic Add(ExactTraffic sum, ExactConnection connection) => new(
        sum.Connections + 1,
        sum.Requests + connection.Requests,
        sum.SentBytes + connection.SentBytes,
        sum.ReceivedBytes + connection.ReceivedBytes,
        sum.BodyBytes + connection.BodyBytes);
}
