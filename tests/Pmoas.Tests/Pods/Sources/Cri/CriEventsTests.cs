using Pmoas.Host.Pods.Sources.Cri;

namespace Pmoas.Tests.Pods.Sources.Cri;

public sealed class CriEventsTests
{
    [Theory]
    [InlineData("containerd", "1.6.20~ds1", false)]
    [InlineData("containerd", "v1.7.24", false)]
    [InlineData("containerd", "v2.0.0-rc.1", true)]
    [InlineData("containerd", "2.1.4", true)]
    [InlineData("cri-o", "1.27.3", false)]
    [InlineData("cri-o", "1.28.0", true)]
    [InlineData("docker", "26.1.5", false)]
    [InlineData("containerd", "unknown", false)]
    [InlineData("containerd", "", false)]
    public void only_runtimes_that_tell_all_listeners_are_listened_to(string runtime, string version, bool listened) =>
        Assert.Equal(listened, CriEvents.AreForEveryone(runtime, version));
}
