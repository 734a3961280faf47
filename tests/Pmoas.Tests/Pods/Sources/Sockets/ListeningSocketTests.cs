using System.Net.Sockets;
using Pmoas.Host.Pods.Sources.Sockets;

namespace Pmoas.Tests.Pods.Sources.Sockets;

public sealed class ListeningSocketTests
{
    [Fact]
    public void only_those_that_are_listened_at_and_have_a_file()
    {
        const string Text = """
            Num       RefCount Protocol Flags    Type St Inode Path
            000000006f1c5b1e: 00000002 00000000 00010000 0001 01 25113 /run/containerd/containerd.sock.ttrpc
            0000000000000000: 00000002 00000000 00010000 0001 01   7 /run/with blank/containerd.sock
            0000000000000000: 00000003 00000000 00000000 0001 03 25200 /run/containerd/containerd.sock
            0000000000000000: 00000002 00000000 00010000 0001 01 25201 @/containerd-shim/x.sock
            0000000000000000: 00000003 00000000 00000000 0001 03 25202
            0000000000000000: 00000002 00000000 00000000 0002 01 25203 /run/systemd/notify
            """;
        Assert.Equal(
            [new ListeningSocket(25113, "/run/containerd/containerd.sock.ttrpc"), new ListeningSocket(7, "/run/with blank/containerd.sock")],
            ListeningSocket.Parse(Text));
    }

    [Fact]
    public void a_process_own_and_no_longer_when_closed()
    {
        string directory = Directory.CreateTempSubdirectory("pmoas-sockets-").FullName;
        try
        {
            string path = Path.Combine(directory, "docker.sock");
            using (Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
            {
                socket.Bind(new UnixDomainSocketEndPoint(path));
                socket.Listen();
                Assert.Single(ListeningSocket.Of(Environment.ProcessId), listening => listening.Path == path);
                Assert.NotNull(SocketFile.At(path));
            }
            Assert.DoesNotContain(ListeningSocket.Of(Environment.ProcessId), listening => listening.Path == path);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void a_process_that_is_gone_listens_at_none() => Assert.Empty(ListeningSocket.Of(int.MaxValue));
}
