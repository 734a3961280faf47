using Pmoas.Beds.Images;

namespace Pmoas.Beds.Containerd;

/// <summary>Configuration of a containerd that shares nothing with another one of the machine.</summary>
internal static class ContainerdConfig
{
    /// <summary>The config file.</summary>
    /// <param name="folder">Where everything of it lies.</param>
    /// <param name="socket">Where it listens.</param>
    internal static string Toml(string folder, string socket) => $"""
        version = 2
        root = "{folder}/root"
        state = "{folder}/state"
        disabled_plugins = [
            "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper",
            "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing",
        ]
        [grpc]
            address = "{socket}"
        [plugins."io.containerd.internal.v1.opt"]
            path = "{folder}/opt"
        [plugins."io.containerd.grpc.v1.cri"]
            sandbox_image = "{OfflineImage.Pause}"
            disable_apparmor = true
            disable_tcp_service = true
            restrict_oom_score_adj = true
            netns_mounts_under_state_dir = true
            [plugins."io.containerd.grpc.v1.cri".containerd]
                snapshotter = "overlayfs"
                default_runtime_name = "runc"
                [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
                    runtime_type = "io.containerd.runc.v2"
                    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
                        Root = "{folder}/runc"
                        SystemdCgroup = false
            [plugins."io.containerd.grpc.v1.cri".cni]
                bin_dir = "/usr/lib/cni"
                conf_dir = "{folder}/cni"

        """;

    /// <summary>The pod network: a veth pair for each pod to the node's network namespace, no bridge to look after.</summary>
    /// <param name="folder">Where the given addresses are remembered.</param>
    /// <param name="name">Name of the network; results lie under it in a folder all share.</param>
    /// <param name="subnet">Addresses of the pods.</param>
    internal static string Network(string folder, string name, string subnet) => $$"""
        {
            "cniVersion": "0.4.0",
            "name": "{{name}}",
            "plugins": [
                {
                    "type": "ptp",
                    "ipMasq": false,
                    "ipam": {
                        "type": "host-local",
                        "subnet": "{{subnet}}",
                        "dataDir": "{{folder}}/addresses",
                        "routes": [ { "dst": "0.0.0.0/0" } ]
                    }
                }
            ]
        }

        """;
}
