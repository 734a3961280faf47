using System.Net.Sockets;
using Pmoas.Host.Pods.Sources.Sockets;

namespace Pmoas.Tests.Pods.Sources.Sockets;

public sealed class RuntimeSocketTests
{
    private const string Outer = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    private const string Inner = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    [Theory]
    [InlineData("/run/containerd/containerd.sock", "cri")]
    [InlineData("/run/k3s/containerd/containerd.sock", "cri")]
    [InlineData("/run/crio/crio.sock", "cri")]
    [InlineData("/run/cri-dockerd.sock", "cri")]
    [InlineData("/var/run/docker.sock", "docker")]
    [InlineData("/run/containerd/containerd.sock.ttrpc", null)]
    [InlineData("/run/containerd/debug.sock", null)]
    [InlineData("/run/docker/containerd/containerd.sock", null)]
    [InlineData("/run/snap.docker/containerd/containerd.sock", null)]
    [InlineData("/run/docker/metrics.sock", null)]
    public void the_file_tells_the_source(string path, string? source) => Assert.Equal(source, RuntimeSocket.SourceOf(path));

    [Theory]
    [InlineData($"/docker/{Outer}/system.slice/containerd.service", Outer)]
    [InlineData($"/docker/{Outer}/kubepods/besteffort/pod1234abcd-0000/{Inner}", Inner)]
    [InlineData("/system.slice/containerd.service", null)]
    [InlineData("/", null)]
    public void a_runtime_is_in_the_innermost_container_of_its_cgroup(string cgroup, string? id) =>
        Assert.Equal(id, RuntimeSockets.InnermostContainer(cgroup));

    [Fact]
    public void a_path_the_user_gave_is_asked_for_at_each_connection()
    {
        string directory = Directory.CreateTempSubdirectory("pmoas-sockets-").FullName;
        try
        {
            string path = Path.Combine(directory, "containerd.sock");
            RuntimeSocket socket = RuntimeSockets.AtPath("cri", path);
            Assert.Equal(("cri", path, null), (socket.Source, socket.Endpoint, socket.Path()));
            using Socket listening = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            listening.Bind(new UnixDomainSocketEndPoint(path));
            Assert.Equal(path, socket.Path());
            File.Delete(path);
            File.WriteAllText(path, "");
            Assert.Null(socket.Path());
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
