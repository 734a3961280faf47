using Pmoas.Host.Config;
using Pmoas.StackTrace;

namespace Pmoas.Tests.StackTrace;

/// <summary>What <c>[plugins.stack_trace]</c> takes, and what it says to what it does not.</summary>
public sealed class OptionTests
{
    private const string Names = "tcp_sendmsg_locked, net_dev_queue, qdisc_enqueue, qdisc_dequeue, net_dev_start_xmit, netif_rx, napi_gro_receive_entry, "
        + "netif_receive_skb, tcp_probe, sk_data_ready, skb_copy_datagram_iovec, tcp_rcv_space_adjust, sock_recv_length";

    [Fact]
    public void stages_and_intervals_are_read()
    {
        StackTraceOptions options = Assert.IsType<StackTraceOptions>(
            Bind("stages = [\"net_dev_queue\", \"sk_data_ready\"]\nintervals = [\"net_dev_queue -> sk_data_ready\"]", out IReadOnlyList<string> errors));

        Assert.Empty(errors);
        Assert.Equal(["net_dev_queue", "sk_data_ready"], options.Stages);
        Assert.Equal(["net_dev_queue -> sk_data_ready"], options.Intervals);
    }

    [Theory]
    [InlineData("stages = [\"ip_rcv\"]", "stages: there is no stage \"ip_rcv\"; there are " + Names)]
    [InlineData("stages = []", "stages: empty; name at least one of " + Names)]
    [InlineData("intervals = [\"net_dev_queue\"]", "intervals: \"net_dev_queue\" is no interval; write it as \"net_dev_queue -> sk_data_ready\"")]
    [InlineData("intervals = [\"net_dev_queue -> ip_rcv\"]", "intervals: \"net_dev_queue -> ip_rcv\": there is no stage \"ip_rcv\"; there are " + Names)]
    [InlineData("intervals = [\"net_dev_queue -> netif_rx\"]", "intervals: \"net_dev_queue -> netif_rx\": the stage netif_rx is not in stages")]
    [InlineData("intervals = [\"sk_data_ready -> net_dev_queue\"]",
        "intervals: \"sk_data_ready -> net_dev_queue\": net_dev_queue does not come after sk_data_ready; the order is " + Names)]
    public void a_mistake_is_named_with_what_there_is(string line, string message)
    {
        Assert.Null(Bind(line, out IReadOnlyList<string> errors));
        Assert.Equal([$"pmoas.toml:2:1: plugins.stack_trace.{message}"], errors);
    }

    [Fact]
    public void the_stages_that_are_on_by_default_are_stages_in_their_order()
    {
        StackTraceOptions options = new();
        Assert.Equal(options.Stages, Names.Split(", ").Where(options.Stages.Contains));
    }

    private static object? Bind(string lines, out IReadOnlyList<string> errors)
    {
        PluginTables tables = ConfigFile.Parse($"[plugins.stack_trace]\n{lines}\n", "pmoas.toml").Options!.PluginTables;
        (object? options, IReadOnlyList<ConfigError> found) = tables.Bind("stack_trace", typeof(StackTraceOptions));
        errors = [.. found.Select(error => error.ToString())];
        return options;
    }
}
