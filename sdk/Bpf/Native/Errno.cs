using System.Runtime.InteropServices;

namespace Pmoas.Sdk.Bpf.Native;

/// <summary>Error numbers of Linux (the same on x86-64 and arm64), and what they mean to somebody who loads BPF.</summary>
internal static class Errno
{
    internal const int EPERM = 1;
    internal const int ENOENT = 2;
    internal const int ESRCH = 3;
    internal const int EINTR = 4;
    internal const int E2BIG = 7;
    internal const int EAGAIN = 11;
    internal const int ENOMEM = 12;
    internal const int EACCES = 13;
    internal const int EFAULT = 14;
    internal const int EBUSY = 16;
    internal const int EEXIST = 17;
    internal const int ENODEV = 19;
    internal const int EINVAL = 22;
    internal const int ENOSPC = 28;
    internal const int ENOSYS = 38;
    internal const int EOPNOTSUPP = 95;

    /// <summary>The kernel's own "not supported", which should not leave the kernel and does.</summary>
    internal const int ENOTSUPP = 524;

    private const int FirstOfLibbpf = 4000;

    /// <summary>Name and text, such as <c>EPERM, Operation not permitted</c>; libbpf's own codes have text only.</summary>
    internal static unsafe string Describe(int errno)
    {
        if (errno < FirstOfLibbpf)
        {
            string text = errno == ENOTSUPP ? "not supported by this kernel" : Marshal.GetPInvokeErrorMessage(errno);
            return Name(errno) is { } name ? $"{name}, {text}" : text;
        }

        byte* buffer = stackalloc byte[128];
        _ = Libbpf.libbpf_strerror(errno, buffer, 128);
        return Marshal.PtrToStringUTF8((nint)buffer) ?? $"libbpf error {errno}";
    }

    /// <summary>What to do about it, one clause; empty when the error alone says enough.</summary>
    internal static string Cure(int errno) => errno switch
    {
        EPERM when !Environment.IsPrivilegedProcess => "run as root, or with CAP_BPF and CAP_PERFMON",
        EPERM => "this kernel forbids it also to root: see its lockdown mode and its configuration, or whether the container lacks CAP_BPF and CAP_PERFMON",
        ENOMEM => "raise the memory limit of the service's cgroup, or make the maps smaller",
        E2BIG => "the map or the program is larger than this kernel allows",
        _ => "",
    };

    private static string? Name(int errno) => errno switch
    {
        EPERM => nameof(EPERM),
        ENOENT => nameof(ENOENT),
        ESRCH => nameof(ESRCH),
        EINTR => nameof(EINTR),
        E2BIG => nameof(E2BIG),
        EAGAIN => nameof(EAGAIN),
        ENOMEM => nameof(ENOMEM),
        EACCES => nameof(EACCES),
        EFAULT => nameof(EFAULT),
        EBUSY => nameof(EBUSY),
        EEXIST => nameof(EEXIST),
        ENODEV => nameof(ENODEV),
        EINVAL => nameof(EINVAL),
        ENOSPC => nameof(ENOSPC),
        ENOSYS => nameof(ENOSYS),
        EOPNOTSUPP => nameof(EOPNOTSUPP),
        ENOTSUPP => nameof(ENOTSUPP),
        _ => null,
    };
}
