using System.Globalization;
using System.Text.Json;

namespace Pmoas.Beds.Nested;

/// <summary>The OCI spec of a container that is a node itself: may do all that root may do here, in namespaces of its own.</summary>
internal static class NodeSpec
{
    /// <summary>The machine's unified hierarchy beside the v1 ones, which runc does not hand into a container itself.</summary>
    private const string Unified = "/sys/fs/cgroup/unified";

    // In the order of their bits, as in linux/capability.h.
    private static readonly string[] s_capabilities =
    [
        "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "LINUX_IMMUTABLE",
        "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT",
        "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE",
        "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ",
        "PERFMON", "BPF", "CHECKPOINT_RESTORE",
    ];

    /// <summary>The text of <c>config.json</c>.</summary>
    /// <param name="command">What runs as process 1.</param>
    /// <param name="cgroupPath">Its cgroup, relative to a hierarchy's root.</param>
    /// <param name="netnsPath">File of the network namespace it lives in.</param>
    /// <param name="folder">Folder of the machine that is in the container at <paramref name="folderInside"/>.</param>
    /// <param name="folderInside">See there.</param>
    internal static string Json(IEnumerable<string> command, string cgroupPath, string netnsPath, string folder, string folderInside)
    {
        string[] capabilities = [.. Capabilities()];
        List<object> mounts =
        [
            Mount("/proc", "proc", "proc"),
            Mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755"),
            Mount("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"),
            Mount("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777"),
            Mount("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev"),
            Mount("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime"),
            Mount("/run", "tmpfs", "tmpfs", "nosuid", "nodev", "mode=755"),
            Mount(folderInside, "bind", folder, "rbind"),
        ];
        if (Directory.Exists(Unified))
        {
            mounts.Add(Mount(Unified, "bind", Directory.CreateDirectory(Unified + cgroupPath).FullName, "rbind"));
        }

        return JsonSerializer.Serialize(new
        {
            ociVersion = "1.0.2",
            hostname = "node",
            root = new { path = "rootfs" },
            process = new
            {
                args = command,
                cwd = "/",
                env = (string[])["PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"],
                user = new { uid = 0, gid = 0 },
                capabilities = new { bounding = capabilities, effective = capabilities, permitted = capabilities },
            },
            mounts,
            linux = new
            {
                cgroupsPath = cgroupPath,
                namespaces = (object[])
                [
                    new { type = "pid" }, new { type = "mount" }, new { type = "uts" }, new { type = "ipc" }, new { type = "network", path = netnsPath },
                ],
                resources = new { devices = (object[])[new { allow = true, access = "rwm" }] },
            },
        });
    }

    private static object Mount(string destination, string type, string source, params string[] options) => new { destination, type, source, options };

    /// <summary>Those this process may hand on: all of them is more than some machines give.</summary>
    private static IEnumerable<string> Capabilities()
    {
        const string Field = "CapBnd:";
        string line = File.ReadLines("/proc/self/status").First(line => line.StartsWith(Field, StringComparison.Ordinal));
        ulong bounding = ulong.Parse(line.AsSpan(Field.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return s_capabilities.Where((_, bit) => (bounding & (1ul << bit)) != 0).Select(name => $"CAP_{name}");
    }
}
