using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Pmoas.Host.Identity;
using Pmoas.Host.Pods.Cgroups;
using Pmoas.Sdk.Bpf;
using Pmoas.Sdk.Pods;

namespace Pmoas.KernelTests.Pods;

/// <summary>Sockets that were open before anybody looked, tagged through copies of their descriptors.</summary>
public sealed class HeldSocketsTests : KernelTest
{
    private static readonly PmoasTag s_tag = new(new Container
    {
        Id = 7,
        PodId = 8,
        Namespace = "n",
        Pod = "p",
        Name = "c",
        Role = Role.Sidecar,
        CgroupId = 9,
        CgroupPath = "/c",
    });

    private readonly BpfMap _sockets;

    public HeldSocketsTests()
    {
        KernelIdentity kernel = Keep(KernelIdentity.Load(CgroupTree.Detect().Mode, Logger));
        BpfObject seen = Open("tags");
        kernel.ShareWith(seen);
        seen.Load();
        _sockets = seen.Map("pmoas_sockets");
    }

    [OnEveryKernel]
    [Fact]
    public void every_internet_socket_of_a_process_is_tagged_whatever_its_state_and_no_other()
    {
        using Socket listening = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listening.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listening.Listen();
        using Socket connected = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        connected.Connect(listening.LocalEndPoint!);
        using Socket accepted = listening.Accept();
        using Socket unbound = new(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        using Socket datagrams = new(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
        using Socket local = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

        HeldSockets.Tag(Environment.ProcessId, _sockets, s_tag);

        Assert.All([listening, connected, accepted, unbound, datagrams], socket => Assert.Equal(s_tag, TagOf(socket)));
        Assert.Null(TagOf(local));
    }

    [Fact]
    public void the_process_s_descriptors_are_as_they_were()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        string[] before = SocketsOfThisProcess();

        HeldSockets.Tag(Environment.ProcessId, _sockets, s_tag);

        Assert.Equal(before, SocketsOfThisProcess());
        Assert.Contains(before, link => link.StartsWith($"{socket.Handle} ", StringComparison.Ordinal));
    }

    [Fact]
    public void a_process_that_has_ended_holds_none()
    {
        using Process ended = Process.Start("true");
        ended.WaitForExit();

        HeldSockets.Tag(ended.Id, _sockets, s_tag);
    }

    private static string[] SocketsOfThisProcess() =>
    [
        .. new DirectoryInfo("/proc/self/fd").EnumerateFileSystemInfos()
            .Select(file => $"{file.Name} {file.LinkTarget}").Where(link => link.Contains("socket:", StringComparison.Ordinal)).Order(),
    ];

    private PmoasTag? TagOf(Socket socket) => _sockets.TryGet((int)socket.Handle, out PmoasTag tag) ? tag : null;
}
