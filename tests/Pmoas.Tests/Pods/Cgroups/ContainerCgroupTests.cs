using Pmoas.Host.Pods.Cgroups;

namespace Pmoas.Tests.Pods.Cgroups;

public sealed class ContainerCgroupTests
{
    private const string Id = "4f1b2c3d4f1b2c3d4f1b2c3d4f1b2c3d4f1b2c3d4f1b2c3d4f1b2c3d4f1b2c3d";
    private const string Outer = "00aa11bb00aa11bb00aa11bb00aa11bb00aa11bb00aa11bb00aa11bb00aa11bb";
    private const string Uid = "0e3a9b6c-7d1f-4a52-9c64-1f2e3d4c5b6a";
    private const string UidUnderscores = "0e3a9b6c_7d1f_4a52_9c64_1f2e3d4c5b6a";

    [Theory]
    // the kubelet's cgroupfs driver: guaranteed, burstable, besteffort
    [InlineData($"/kubepods/pod{Uid}/{Id}", Uid)]
    [InlineData($"/kubepods/burstable/pod{Uid}/{Id}", Uid)]
    [InlineData($"/kubepods/besteffort/pod{Uid}/{Id}", Uid)]
    // its systemd driver with containerd, CRI-O and Docker
    [InlineData($"/kubepods.slice/kubepods-pod{UidUnderscores}.slice/cri-containerd-{Id}.scope", Uid)]
    [InlineData($"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{UidUnderscores}.slice/cri-containerd-{Id}.scope", Uid)]
    [InlineData($"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod{UidUnderscores}.slice/crio-{Id}.scope", Uid)]
    [InlineData($"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod{UidUnderscores}.slice/docker-{Id}.scope", Uid)]
    // a runtime that takes the systemd spelling for a path
    [InlineData($"/kubepods-besteffort-pod{UidUnderscores}.slice:cri-containerd:{Id}", Uid)]
    [InlineData($"/system.slice/containerd.service/kubepods-burstable-pod{UidUnderscores}.slice:cri-containerd:{Id}", Uid)]
    // a mirror pod of the kubelet: its UID is a hash
    [InlineData($"/kubepods/burstable/pod8c1a7a6f2b5b4a3c9d8e7f6a5b4c3d2e/{Id}", "8c1a7a6f2b5b4a3c9d8e7f6a5b4c3d2e")]
    // kind and minikube: a node that is a container
    [InlineData($"/docker/{Outer}/kubelet/kubepods/besteffort/pod{Uid}/{Id}", Uid)]
    [InlineData($"/docker/{Outer}/kubepods/burstable/pod{Uid}/{Id}", Uid)]
    [InlineData($"/system.slice/docker-{Outer}.scope/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod{UidUnderscores}.slice/cri-containerd-{Id}.scope", Uid)]
    // without a kubelet
    [InlineData($"/docker/{Id}", "")]
    [InlineData($"/system.slice/docker-{Id}.scope", "")]
    [InlineData($"/k8s.io/{Id}", "")]
    [InlineData($"/default/{Id}", "")]
    [InlineData($"/machine.slice/libpod-{Id}.scope", "")]
    [InlineData($"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{Id}.scope", "")]
    public void a_container_s_path_tells_its_id_and_its_pod(string path, string uid) =>
        Assert.Equal(new ContainerCgroup(Id, uid), ContainerCgroup.Parse(path));

    [Theory]
    [InlineData("/")]
    [InlineData("")]
    [InlineData("/kubepods")]
    [InlineData($"/kubepods/besteffort/pod{Uid}")]
    [InlineData($"/kubepods/besteffort/pod{Uid}/4f1b2c3d")]
    [InlineData($"/kubepods/besteffort/pod{Uid}/{Id}/init")]
    [InlineData($"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod{UidUnderscores}.slice/crio-{Id}.scope/container")]
    [InlineData($"/kubepods.slice/kubepods-besteffort.slice/crio-conmon-{Id}.scope")]
    [InlineData("/system.slice/ssh.service")]
    [InlineData("/docker/4F1B2C3D4F1B2C3D4F1B2C3D4F1B2C3D4F1B2C3D4F1B2C3D4F1B2C3D4F1B2C3D")]
    public void what_is_no_container_is_none(string path) => Assert.Null(ContainerCgroup.Parse(path));
}
