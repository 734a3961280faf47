namespace Pmoas.Host.Pods.Sources.Sockets;

/// <summary>The file of a Unix socket: whichever path leads to it, these numbers are the same.</summary>
internal readonly record struct SocketFile(uint DeviceMajor, uint DeviceMinor, ulong Inode)
{
    /// <summary>The socket a path leads to; null when it leads to none that can be seen.</summary>
    public static unsafe SocketFile? At(string path)
    {
        Libc.Statx file;
        return Libc.statx(Libc.AT_FDCWD, path, 0, Libc.STATX_TYPE | Libc.STATX_INO, &file) == 0 && (file.Mode & Libc.S_IFMT) == Libc.S_IFSOCK
            ? new SocketFile(file.DeviceMajor, file.DeviceMinor, file.Inode)
            : null;
    }
}
