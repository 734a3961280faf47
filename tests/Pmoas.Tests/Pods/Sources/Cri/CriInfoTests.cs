using Pmoas.Host.Pods.Sources.Cri;

namespace Pmoas.Tests.Pods.Sources.Cri;

public sealed class CriInfoTests
{
    private const string Id = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Fact]
    public void of_containerd() => Assert.Equal(new CriInfo(3175, "/kubepods/besteffort/podu/c", "nginx:1.27"), Parse($$"""
        {"sandboxID":"s","pid":3175,"config":{"metadata":{"name":"web"},"image":{"image":"{{Id}}","user_specified_image":"nginx:1.27"} },
        "runtimeSpec":{"linux":{"cgroupsPath":"/kubepods/besteffort/podu/c"},"annotations":{"io.kubernetes.cri.image-name":"docker.io/library/nginx:1.27"} } }
        """));

    [Fact]
    public void of_a_kubelet_that_tells_no_name_of_the_image() => Assert.Equal("docker.io/library/nginx:1.27", Parse($$"""
        {"pid":1,"config":{"image":{"image":"{{Id}}"} },"runtimeSpec":{"annotations":{"io.kubernetes.cri.image-name":"docker.io/library/nginx:1.27"} } }
        """).Image);

    [Fact]
    public void of_CRI_O() => Assert.Equal(new CriInfo(77, "kubepods-besteffort-podu.slice:crio:c", "quay.io/web:2"), Parse("""
        {"sandboxID":"s","pid":77,"runtimeSpec":{"annotations":{"io.kubernetes.cri-o.ImageName":"quay.io/web:2"},
        "linux":{"cgroupsPath":"kubepods-besteffort-podu.slice:crio:c"} },"privileged":false}
        """));

    [Theory]
    [InlineData("")]
    [InlineData("garbage")]
    [InlineData("[1]")]
    [InlineData("""{"pid":"12","runtimeSpec":[],"config":null}""")]
    [InlineData("""{"pid":99999999999}""")]
    public void of_whatever_else_nothing_is_known(string json) => Assert.Equal(CriInfo.None, Parse(json));

    [Fact]
    public void without_info_nothing_is_known() => Assert.Equal(CriInfo.None, CriInfo.Parse(Specs.None));

    private static CriInfo Parse(string json) => CriInfo.Parse(new Dictionary<string, string> { ["info"] = json });
}
