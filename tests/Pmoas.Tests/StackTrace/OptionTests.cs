using Pmoas.Host.Config;
using Pmoas.StackTrace;

namespace Pmoas.Tests.StackTrace;

/// <summary>What <c>[plugins.stack_trace]</c> takes, and what it says to what it does not.</summary>
public sealed class OptionTests
{
    private const string Names = "tcp_sendmsg_locked, ip_queue_xmit, inet6_csk_xmit, ip_output, ip6_output, ip_finish_output, __dev_queue_xmit, tc_egress, net_dev_queue, qdisc_enqueue, qdisc_dequeue, "
        + "net_dev_start_xmit, loopback_xmit, veth_xmit, br_handle_frame_finish, br_pass_frame_up, ip_forward, ip6_forward, br_dev_xmit, br_forward, br_forward_finish, br_dev_queue_push_xmit, "
        + "netif_rx, napi_gro_receive_entry, net_dev_xmit, netif_receive_skb, tpacket_rcv, packet_rcv, tc_ingress, tcf_classify, ip_rcv, ipv6_rcv, ip_local_deliver, ip6_input, "
        + "tcp_v4_rcv, tcp_v6_rcv, tcp_probe, sk_data_ready, skb_copy_datagram_iovec, tcp_rcv_space_adjust, sock_recv_length";

    private const string Default = "tcp_sendmsg_locked, net_dev_queue, net_dev_start_xmit, netif_receive_skb, tcp_probe, sk_data_ready, tcp_rcv_space_adjust";

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
    [InlineData("stages = []", "stages: empty; name at least one of " + Names)]
    [InlineData("stages = [\"net dev queue\", \"tcp_probe\"]", "stages: \"net dev queue\" is neither a stage nor the name of a function; there are the stages " + Names)]
    [InlineData("stages = [\"my_function\"]", "stages: a function has its place after the stage it is listed after; name at least one of " + Names)]
    [InlineData("stages = [\"tcp_probe\", \"net_dev_queue\", \"tcp_probe\"]", "stages: \"tcp_probe\" is named twice")]
    [InlineData("stages = [\"tcp_probe\", \"tcp_rcv_established\"]",
        "stages: \"tcp_rcv_established\" is no stage, and as a function it stands too late: when TCP has a packet it has no device any more. List it before tcp_probe; there are the stages " + Names)]
    [InlineData("stages = [\"tcp_probe\", \"a\", \"b\", \"c\", \"d\", \"e\", \"f\", \"g\", \"h\", \"i\", \"j\", \"k\", \"l\", \"ip_rcv\"]", "stages: 13 of them are functions, and 12 can be", 13)]
    [InlineData("stages = [\"net_dev_xmit\", \"tcp_probe\"]", "stages: \"net_dev_xmit\" tells of a packet only what net_dev_start_xmit has kept of it; list both")]
    [InlineData("intervals = [\"net_dev_queue\"]", "intervals: \"net_dev_queue\" is no interval; write it as \"net_dev_queue -> sk_data_ready\"")]
    [InlineData("intervals = [\"net_dev_queue -> net_dev_cue\"]", "intervals: \"net_dev_queue -> net_dev_cue\": there is no stage \"net_dev_cue\"; there are " + Names)]
    [InlineData("intervals = [\"net_dev_queue -> netif_rx\"]", "intervals: \"net_dev_queue -> netif_rx\": the stage netif_rx is not in stages")]
    [InlineData("intervals = [\"sk_data_ready -> net_dev_queue\"]",
        "intervals: \"sk_data_ready -> net_dev_queue\": net_dev_queue does not come after sk_data_ready; the order is " + Default)]
    public void a_mistake_is_named_with_what_there_is(string line, string message, int mistakes = 1)
    {
        Assert.Null(Bind(line, out IReadOnlyList<string> errors));
        Assert.Equal(mistakes, errors.Count);
        Assert.Equal($"pmoas.toml:2:1: plugins.stack_trace.{message}", errors[0]);
    }

    [Fact]
    public void the_stages_that_are_on_by_default_are_stages_in_their_order()
    {
        StackTraceOptions options = new();
        Assert.Equal(options.Stages, Names.Split(", ").Where(options.Stages.Contains));
    }

    [Theory]
    [InlineData("tcp_probe net_dev_queue tcp_sendmsg_locked", "tcp_sendmsg_locked net_dev_queue tcp_probe")]
    [InlineData("tcp_probe ip_rcv netif_receive_skb", "netif_receive_skb ip_rcv tcp_probe")]
    [InlineData("tcp_probe netif_receive_skb mine yours net_dev_queue theirs", "net_dev_queue theirs netif_receive_skb mine yours tcp_probe")]
    [InlineData("mine yours netif_receive_skb net_dev_queue", "net_dev_queue mine yours netif_receive_skb")]
    public void a_function_has_its_place_after_the_stage_it_is_listed_after(string listed, string path)
    {
        Assert.Empty(StagePath.Mistakes(listed.Split(' ')));
        Assert.Equal(path.Replace(" ", ", ", StringComparison.Ordinal), StagePath.Of(listed.Split(' ')).ToString());
    }

    [Fact]
    public void a_function_is_on_the_side_of_the_stage_it_is_listed_after()
    {
        StagePath path = StagePath.Of(["net_dev_queue", "ours", "br_forward", "theirs", "netif_receive_skb", "yours"]);

        Assert.True(path.HasNodeStages);
        IEnumerable<string> Of(Side side) => Enumerable.Range(0, path.Length).Where(number => path.SideOf(number) == side).Select(number => path.NameOf((uint)number));
        Assert.Equal(["br_forward", "theirs"], Of(Side.Node));
        Assert.Equal(["netif_receive_skb", "yours"], Of(Side.Receiver));
        Assert.False(StagePath.Of(Stages.Default).HasNodeStages);
    }

    private static object? Bind(string lines, out IReadOnlyList<string> errors)
    {
        PluginTables tables = ConfigFile.Parse($"[plugins.stack_trace]\n{lines}\n", "pmoas.toml").Options!.PluginTables;
        (object? options, IReadOnlyList<ConfigError> found) = tables.Bind("stack_trace", typeof(StackTraceOptions));
        errors = [.. found.Select(error => error.ToString())];
        return options;
    }
}
