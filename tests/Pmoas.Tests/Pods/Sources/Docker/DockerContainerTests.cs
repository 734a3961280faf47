using Docker.DotNet.Models;
using Pmoas.Host.Pods.Sources.Docker;

namespace Pmoas.Tests.Pods.Sources.Docker;

public sealed class DockerContainerTests
{
    private const string ImageId = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Fact]
    public void what_a_list_tells_and_what_an_inspection_adds()
    {
        DockerContainer listed = DockerContainer.Of(new ContainerListResponse
        {
            ID = "c1",
            Names = ["/web/db", "/db"],
            Image = ImageId,
            State = "running",
            Labels = new Dictionary<string, string> { ["app"] = "shop" },
            HostConfig = new SummaryHostConfig { NetworkMode = "container:c0" },
            NetworkSettings = new NetworkSettingsSummary
            {
                Networks = new Dictionary<string, EndpointSettings> { ["a"] = new() { IPAddress = "" }, ["b"] = new() { IPAddress = "172.18.0.2" } },
            },
        });
        Assert.Equal(("c1", "db", "", "container:c0", "172.18.0.2", true), (listed.Id, listed.Name, listed.Image, listed.Network, listed.Ip, listed.Runs));
        Assert.Equal("shop", listed.Labels["app"]);

        DockerContainer complete = DockerProcess.Of(new ContainerInspectResponse
        {
            State = new State { Running = true, Pid = 77 },
            Config = new ContainerConfig { Image = "postgres:17" },
        }).Complete(listed);
        Assert.Equal((77, "postgres:17", "db"), (complete.Pid, complete.Image, complete.Name));
    }

    [Theory]
    [InlineData("running", true)]
    [InlineData("paused", true)]
    [InlineData("created", false)]
    [InlineData("restarting", false)]
    [InlineData("exited", false)]
    [InlineData(null, false)]
    public void only_one_that_runs_has_a_process(string? state, bool runs) =>
        Assert.Equal(runs, DockerContainer.Of(new ContainerListResponse { ID = "c1", State = state! }).Runs);

    [Fact]
    public void an_ended_process_has_no_number() =>
        Assert.Equal(DockerProcess.None, DockerProcess.Of(new ContainerInspectResponse { State = new State { Running = false, Pid = 77 } }));
}
