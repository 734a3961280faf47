using Pmoas.Sdk.Bpf;

namespace Pmoas.StackTrace;

/// <summary>A point a byte passes on its way.</summary>
/// <param name="Name">The kernel's name of it.</param>
/// <param name="Meaning">What happens there, with a small first letter and no full stop.</param>
/// <param name="Programs">Programs that notice it, best first; none for a function, which gets one when it is chosen.</param>
internal sealed record Stage(string Name, string Meaning, params IReadOnlyList<string> Programs)
{
    /// <summary>True for a function of the kernel, false for a tracepoint or a hook of TC.</summary>
    public bool IsFunction => Programs.Count == 0;

    /// <summary>What a probe without it does.</summary>
    public string WithoutIt => $"the stage {Name} ({Meaning}) is left out: the interval before it ends with the stage after it.";
}

/// <summary>
/// The stages that are known, in the order they are passed in. Tracepoints and hooks of TC among them are in the order of <c>enum tracepoint</c> (bpf/stack_trace/path.h).
/// </summary>
internal static class Stages
{
    /// <summary>Value of <c>STAGE_NONE</c>.</summary>
    public const byte None = 0xff;

    /// <summary>Passed by who sends, when a virtual device has handed the packet to the receiving side already.</summary>
    public const string Transmitted = "net_dev_xmit";

    /// <summary>What tells whose packet that is.</summary>
    public const string Transmits = "net_dev_start_xmit";

    /// <summary>Value of <c>STAGE_TCP_STATE</c>: behind it are the states of TCP.</summary>
    public const byte TcpState = 32;

    public static readonly IReadOnlyList<Stage> All =
    [
        new("tcp_sendmsg_locked", "the application writes", "tcp_sendmsg_locked", "tcp_sendmsg_locked_entered"),
        new("ip_queue_xmit", "TCP hands a segment to IPv4"),
        new("inet6_csk_xmit", "TCP hands a segment to IPv6"),
        new("ip_output", "IPv4 has found its route"),
        new("ip6_output", "IPv6 has found its route"),
        new("ip_finish_output", "IPv4 has passed its netfilter"),
        new("__dev_queue_xmit", "IP hands the packet to the device"),
        new("tc_egress", "TC's programs at its device have seen it", "tc_egress"),
        new("net_dev_queue", "the packet is handed to the device's queue", "net_dev_queue"),
        new("qdisc_enqueue", "it is put into a queueing discipline", "qdisc_enqueue"),
        new("qdisc_dequeue", "it is taken out of it", "qdisc_dequeue"),
        new(Transmits, "it is handed to the device", "net_dev_start_xmit"),
        new("loopback_xmit", "the loopback device takes it"),
        new("veth_xmit", "a veth device takes it"),
        new("br_handle_frame_finish", "a bridge of the node has it"),
        new("br_pass_frame_up", "the bridge hands it to the node's own stack"),
        new("ip_forward", "the node's IPv4 forwards it"),
        new("ip6_forward", "the node's IPv6 forwards it"),
        new("br_dev_xmit", "the node's own stack hands it to a bridge"),
        new("br_forward", "the bridge sends it on"),
        new("br_forward_finish", "it has passed the bridge's netfilter"),
        new("br_dev_queue_push_xmit", "the bridge hands it to the device of its port"),
        new("netif_rx", "a virtual device hands it to the receiving side", "netif_rx"),
        new("napi_gro_receive_entry", "a device with NAPI hands it to the receiving side", "napi_gro_receive_entry"),
        new(Transmitted, "its device's function has returned", "net_dev_xmit"),
        new("netif_receive_skb", "the receiving side begins with it", "netif_receive_skb"),
        new("tpacket_rcv", "who listens to the device by a ring (tcpdump) gets a copy"),
        new("packet_rcv", "who listens to the device by a socket gets a copy"),
        new("tc_ingress", "TC's programs at its device have seen it", "tc_ingress"),
        new("tcf_classify", "TC's filters of the device look at it"),
        new("ip_rcv", "IPv4 has it"),
        new("ipv6_rcv", "IPv6 has it"),
        new("ip_local_deliver", "its route says that it is for here"),
        new("ip6_input", "its route says that it is for here"),
        new("tcp_v4_rcv", "TCP has it, over IPv4"),
        new("tcp_v6_rcv", "TCP has it, over IPv6"),
        new("tcp_probe", "TCP has found its connection", "tcp_probe"),
        new("sk_data_ready", "the application is woken", "sk_data_ready", "sock_def_readable_entered"),
        new("skb_copy_datagram_iovec", "the application copies it", "skb_copy_datagram_iovec"),
        new("tcp_rcv_space_adjust", "the application has taken it", "tcp_rcv_space_adjust"),
        new("sock_recv_length", "the application's read returns", "sock_recv_length"),
    ];

    /// <summary>Those that are on unless the configuration says otherwise: as few as tell queue, device, IP, TCP and application apart.</summary>
    public static readonly IReadOnlyList<string> Default =
        ["tcp_sendmsg_locked", "net_dev_queue", "net_dev_start_xmit", "netif_receive_skb", "tcp_probe", "sk_data_ready", "tcp_rcv_space_adjust"];

    /// <summary>Those that are hooks of TC, where our programs are put at each device of a pod: the name, which is also the program's, and the hook.</summary>
    public static IReadOnlyDictionary<string, DeviceHook> TcHooks { get; } = new Dictionary<string, DeviceHook> { ["tc_egress"] = DeviceHook.Egress, ["tc_ingress"] = DeviceHook.Ingress };

    /// <summary>The names, for messages.</summary>
    public static string Names => string.Join(", ", All.Select(stage => stage.Name));

    /// <summary>Tracepoints and hooks of TC, in the order of <c>enum tracepoint</c>.</summary>
    public static IReadOnlyList<Stage> Tracepoints { get; } = [.. All.Where(stage => !stage.IsFunction)];

    /// <summary>Position of the first that is passed with a device.</summary>
    public static int FirstWithDevice { get; } = IndexOf("__dev_queue_xmit");

    /// <summary>Position of the first that is passed in the node, outside of the pod's network namespace.</summary>
    public static int FirstOfNode { get; } = IndexOf("br_handle_frame_finish");

    /// <summary>Position of the first that the receiver passes.</summary>
    public static int FirstOfReceiver { get; } = IndexOf("netif_rx");

    /// <summary>Position of the first that is passed when TCP has the packet.</summary>
    public static int FirstAtTcp { get; } = IndexOf("tcp_probe");

    /// <summary>The states of TCP by their numbers (include/net/tcp_states.h).</summary>
    private static readonly IReadOnlyList<string> TcpStates =
    [
        "", "TCP_ESTABLISHED", "TCP_SYN_SENT", "TCP_SYN_RECV", "TCP_FIN_WAIT1", "TCP_FIN_WAIT2", "TCP_TIME_WAIT", "TCP_CLOSE", "TCP_CLOSE_WAIT", "TCP_LAST_ACK",
        "TCP_LISTEN", "TCP_CLOSING", "TCP_NEW_SYN_RECV",
    ];

    /// <summary>Name of a state of TCP by its number there.</summary>
    public static string NameOfState(int state) => TcpStates[state];

    /// <summary>Position of a stage that is known, or -1.</summary>
    public static int IndexOf(string name)
    {
        for (int i = 0; i < All.Count; i++)
        {
            if (All[i].Name == name)
            {
                return i;
            }
        }

        return -1;
    }
}
