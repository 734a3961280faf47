using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Pmoas.EndToEnd;

/// <summary>A plugin built outside the tree against the package.</summary>
public sealed class StrangerTests
{
    [Fact]
    public async Task a_plugin_built_against_the_package_is_dropped_in_and_runs()
    {
        using Site site = new();
        site.Install(Built.NoOp, "NoOp");
        site.Write("[plugins.no_op]\nonly_state = 1");
        await using HostProcess daemon = await HostProcess.RunAsync(site);

        await daemon.UntilMetricAsync("pmoas_plugin_state{plugin=\"no_op\",state=\"running\"} 1");
        double before = await TransitionsAsync(daemon);
        Connect(times: 50);

        // Both ends of each become ESTABLISHED. It counts the whole machine, so a stranger's connection may be among them.
        Assert.InRange(await TransitionsAsync(daemon) - before, 100, 120);
    }

    private static async Task<double> TransitionsAsync(HostProcess daemon)
    {
        const string Name = "pmoas_no_op_transitions_total ";
        string line = (await daemon.MetricsAsync()).Split('\n').Single(line => line.StartsWith(Name, StringComparison.Ordinal));
        return double.Parse(line[Name.Length..], CultureInfo.InvariantCulture);
    }

    private static void Connect(int times)
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        for (int i = 0; i < times; i++)
        {
            using TcpClient client = new();
            client.Connect((IPEndPoint)listener.LocalEndpoint);
            listener.AcceptTcpClient().Dispose();
        }
    }
}
