using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Pmoas.Host.Pods;
using Pmoas.Host.Pods.Sources;
using Pmoas.Host.Pods.Sources.Cri;
using Pmoas.Host.Pods.Sources.Cri.V1;

namespace Pmoas.Tests.Pods.Sources.Cri;

public sealed class CriSourceTests : IAsyncLifetime
{
    private readonly PublishedPods _published = new();
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly string _directory = Directory.CreateTempSubdirectory("pmoas-cri-").FullName;
    private FakeCriRuntime _runtime = null!;

    public async ValueTask InitializeAsync() => _runtime = await FakeCriRuntime.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _stop.Dispose();
        await _runtime.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task an_event_of_the_runtime_is_a_look_and_nothing_new_is_not_published()
    {
        Run(1);
        CriSource source = Source();
        Task run = source.RunAsync(_published, _stop.Token);
        PodSpec pod = Assert.Single(await _published.NextAsync());
        Assert.Equal(("lab", "pod-0", "10.1.2.3"), (pod.Namespace, pod.Name, pod.Ip));
        Assert.Equal(["", "app-0"], pod.Containers.Select(c => c.Name));
        Assert.Equal(1, pod.Containers[1].RuntimePid);

        await UntilAsync(() =>
        {
            _runtime.Tell();
            return _published.Signs > 0;
        });
        Run(2);
        _runtime.Tell();
        Assert.Equal(2, (await _published.NextAsync()).Count);
        Assert.Equal(2, _runtime.Statuses); // each container once
        await EndAsync(run);
    }

    [Fact]
    public async Task without_events_a_nudge_is_a_look()
    {
        _runtime.HasEvents = false;
        CriSource source = Source();
        Task run = source.RunAsync(_published, _stop.Token);
        Assert.Empty(await _published.NextAsync());
        Run(1);
        source.Nudge();
        Assert.Single(await _published.NextAsync());
        await EndAsync(run);
    }

    [Fact]
    public async Task fifteen_hundred_containers_are_asked_for_once_and_eight_at_a_time()
    {
        Run(1500);
        Task run = Source().RunAsync(_published, _stop.Token);
        IReadOnlyList<PodSpec> pods = await _published.NextAsync();
        Assert.Equal(1500, pods.Sum(pod => pod.Containers.Count(c => c.RuntimePid > 0)));
        Assert.Equal(1500, _runtime.Statuses);
        Assert.InRange(_runtime.MostAtOnce, 2, 8);
        await EndAsync(run);
    }

    [Fact]
    public async Task an_answer_of_more_than_4_MB_is_taken()
    {
        Run(1);
        _runtime.Sandboxes.Items[0].Annotations.Add("large", new string('x', 9 << 20));
        Task run = Source().RunAsync(_published, _stop.Token);
        Assert.Single(await _published.NextAsync());
        await EndAsync(run);
    }

    [Fact]
    public async Task the_end_of_the_runtime_is_a_fault_that_says_so()
    {
        Run(1);
        CriSource source = Source();
        Task run = source.RunAsync(_published, _stop.Token);
        await _published.NextAsync();
        await _runtime.DisposeAsync();
        source.Nudge();
        SourceException fault = await Assert.ThrowsAsync<SourceException>(() => run.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.Equal("there is no socket at here: start the container runtime, or name its socket in [sources.cri] endpoints.", fault.Message);
        _runtime = await FakeCriRuntime.StartAsync();
    }

    [Fact]
    public async Task a_containerd_without_CRI_is_told_apart_from_an_old_one()
    {
        _runtime.Service = "/containerd.services.version.v1.Version/";
        Assert.Equal(
            "the CRI plugin of the containerd at here is disabled: take \"cri\" out of disabled_plugins in its config.toml and start it again; "
            + "or, when only Docker uses it, set [sources.cri] enabled = false.",
            await FaultAsync(_runtime.Socket));
        _runtime.Service = "/runtime.v1alpha2.RuntimeService/";
        Assert.Equal(
            "the container runtime at here speaks only CRI v1alpha2: upgrade it, v1 came with containerd 1.6 and CRI-O 1.23.",
            await FaultAsync(_runtime.Socket));
    }

    [Fact]
    public async Task a_runtime_that_does_not_answer_is_told()
    {
        _runtime.IsSilent = true;
        Assert.Equal(
            "the container runtime at here did not answer Version within 2 s: see its log, it is overloaded or hangs.", await FaultAsync(_runtime.Socket));
    }

    [Fact]
    public async Task a_socket_that_is_missing_or_refuses_is_told()
    {
        string path = Path.Combine(_directory, "containerd.sock");
        Assert.Equal("there is no socket at here: start the container runtime, or name its socket in [sources.cri] endpoints.", await FaultAsync(path));
        Assert.Equal("there is no socket at here: start the container runtime, or name its socket in [sources.cri] endpoints.", await FaultAsync(null));
        using Socket bound = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        bound.Bind(new UnixDomainSocketEndPoint(path));
        Assert.Equal("nobody listens at here, the container runtime has ended: start it again.", await FaultAsync(path));
    }

    [Fact]
    public async Task what_is_no_runtime_is_told()
    {
        string path = Path.Combine(_directory, "containerd.sock");
        using Socket server = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        server.Bind(new UnixDomainSocketEndPoint(path));
        server.Listen();
        Task<string> fault = FaultAsync(path);
        using Socket client = await server.AcceptAsync();
        await client.SendAsync(Encoding.ASCII.GetBytes("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"));
        client.Shutdown(SocketShutdown.Send);
        string message = await fault;
        Assert.StartsWith("what here answered to Version is not a container runtime's answer: ", message, StringComparison.Ordinal);
        Assert.EndsWith("; see whether the runtime works (crictl version), and what [sources.cri] endpoints names.", message, StringComparison.Ordinal);
    }

    private CriSource Source() => new("here", () => File.Exists(_runtime.Socket) ? _runtime.Socket : null, NullLogger.Instance, TimeProvider.System);

    private async Task<string> FaultAsync(string? path)
    {
        CriSource source = new("here", () => path, NullLogger.Instance, TimeProvider.System);
        return (await Assert.ThrowsAsync<SourceException>(() => source.RunAsync(_published, _stop.Token).WaitAsync(TimeSpan.FromSeconds(20)))).Message;
    }

    /// <summary>Makes the runtime run so many pods of one container.</summary>
    private void Run(int pods)
    {
        ListPodSandboxResponse sandboxes = new();
        ListContainersResponse containers = new();
        for (int i = 0; i < pods; i++)
        {
            string n = i.ToString(CultureInfo.InvariantCulture);
            sandboxes.Items.Add(new PodSandbox { Id = "s" + n, Metadata = new PodSandboxMetadata { Name = "pod-" + n, Namespace = "lab", Uid = "u" + n } });
            containers.Containers.Add(new Container
            {
                Id = "c" + n,
                PodSandboxId = "s" + n,
                Metadata = new ContainerMetadata { Name = "app-" + n },
                State = ContainerState.ContainerRunning,
            });
        }
        (_runtime.Containers, _runtime.Sandboxes) = (containers, sandboxes);
    }

    private async Task EndAsync(Task run)
    {
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    private static async Task UntilAsync(Func<bool> isSo)
    {
        for (DateTime end = DateTime.UtcNow.AddSeconds(10); !isSo(); await Task.Delay(20))
        {
            Assert.True(DateTime.UtcNow < end, "it did not become so within 10 s");
        }
    }
}
