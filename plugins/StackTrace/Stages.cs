using Pmoas.Sdk;

namespace Pmoas.StackTrace;

/// <summary>A point a byte passes on its way.</summary>
/// <param name="Name">The kernel's name of it.</param>
/// <param name="Meaning">What happens there, with a small first letter and no full stop.</param>
/// <param name="Programs">Programs that notice it, best first.</param>
internal sealed record Stage(string Name, string Meaning, params IReadOnlyList<string> Programs);

/// <summary>The stages, in the order of <c>enum stage</c> (bpf/stack_trace/stack_trace.h), which is the order they are passed in.</summary>
internal static class Stages
{
    /// <summary>Value of <c>STAGE_NONE</c>.</summary>
    public const byte None = 0xff;

    /// <summary>Value of <c>STAGE_TCP_STATE</c>: behind it are the states of TCP.</summary>
    public const byte TcpState = 32;

    /// <summary>Position of the last that a sender passes; those behind it are the receiver's.</summary>
    public const int LastOfSender = 4;

    public static readonly IReadOnlyList<Stage> All =
    [
        new("tcp_sendmsg_locked", "the application writes", "tcp_sendmsg_locked", "tcp_sendmsg_locked_entered"),
        new("net_dev_queue", "the packet is handed to the device's queue", "net_dev_queue"),
        new("qdisc_enqueue", "it is put into a queueing discipline", "qdisc_enqueue"),
        new("qdisc_dequeue", "it is taken out of it", "qdisc_dequeue"),
        new("net_dev_start_xmit", "it is handed to the device", "net_dev_start_xmit"),
        new("netif_rx", "a virtual device hands it to the receiving side", "netif_rx"),
        new("napi_gro_receive_entry", "a device with NAPI hands it to the receiving side", "napi_gro_receive_entry"),
        new("netif_receive_skb", "the receiving side begins with it", "netif_receive_skb"),
        new("tcp_probe", "TCP has found its connection", "tcp_probe"),
        new("sk_data_ready", "the application is woken", "sk_data_ready", "sock_def_readable_entered"),
        new("skb_copy_datagram_iovec", "the application copies it", "skb_copy_datagram_iovec"),
        new("tcp_rcv_space_adjust", "the application has taken it", "tcp_rcv_space_adjust"),
        new("sock_recv_length", "the application's read returns", "sock_recv_length"),
    ];

    /// <summary>Those that are on unless the configuration says otherwise: as few as tell queue, device, IP, TCP and application apart.</summary>
    public static readonly IReadOnlyList<string> Default =
        ["tcp_sendmsg_locked", "net_dev_queue", "net_dev_start_xmit", "netif_receive_skb", "tcp_probe", "sk_data_ready", "tcp_rcv_space_adjust"];

    /// <summary>The names, for messages.</summary>
    public static string Names => string.Join(", ", All.Select(stage => stage.Name));

    /// <summary>A hook for each.</summary>
    public static IEnumerable<Hook> Hooks => All.Select(stage => new Hook(stage.Name, stage.Programs)
    {
        Required = false,
        WithoutIt = $"the stage {stage.Name} ({stage.Meaning}) is left out: the interval before it ends with the stage after it.",
    });

    /// <summary>The states of TCP by their numbers (include/net/tcp_states.h).</summary>
    private static readonly IReadOnlyList<string> TcpStates =
    [
        "", "TCP_ESTABLISHED", "TCP_SYN_SENT", "TCP_SYN_RECV", "TCP_FIN_WAIT1", "TCP_FIN_WAIT2", "TCP_TIME_WAIT", "TCP_CLOSE", "TCP_CLOSE_WAIT", "TCP_LAST_ACK",
        "TCP_LISTEN", "TCP_CLOSING", "TCP_NEW_SYN_RECV",
    ];

    /// <summary>Name of a stage, or of a state of TCP, by its number in the kernel's books.</summary>
    public static string NameOf(uint number) => number < TcpState ? All[(int)number].Name : NameOfState((int)number - TcpState);

    /// <summary>Name of a state of TCP by its number there.</summary>
    public static string NameOfState(int state) => TcpStates[state];

    /// <summary>Position of a stage, or -1.</summary>
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
