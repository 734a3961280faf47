using System.Text;
using Pmoas.ResourceUsage.Native;

namespace Pmoas.ResourceUsage.Cgroups;

/// <summary>
/// Files that are read again and again: their descriptors are kept, for pread takes a quarter of the time of open, read and close. Beyond a
/// bound they are opened for each read. One buffer serves all: what was read is gone with the next read. Not thread-safe.
/// </summary>
/// <param name="most">Descriptors kept at once.</param>
internal sealed class KeptFiles(int most)
{
    /// <summary>The buffer grows to the longest file there is.</summary>
    internal byte[] Buffer { get; private set; } = new byte[16 * 1024];

    /// <summary>Descriptors kept now.</summary>
    internal int Kept { get; private set; }

    /// <summary>Reads that had to open the file, since the start.</summary>
    internal long Reopened { get; private set; }

    /// <summary>As many descriptors as a process may have; the soft limit is raised to the hard one first.</summary>
    internal static unsafe int DescriptorLimit()
    {
        Libc.RLimit limit;
        if (Libc.getrlimit(Libc.RLIMIT_NOFILE, &limit) != 0)
        {
            return 1024;
        }

        if (limit.Soft < limit.Hard)
        {
            Libc.RLimit raised = new() { Soft = limit.Hard, Hard = limit.Hard };
            limit.Soft = Libc.setrlimit(Libc.RLIMIT_NOFILE, &raised) == 0 ? limit.Hard : limit.Soft;
        }

        return (int)Math.Min(limit.Soft, int.MaxValue);
    }

    /// <summary>A file that need not exist yet; nothing is opened before the first read.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="keep">False: opened for each read, because its content is made when it is opened.</param>
    internal KeptFile File(string path, bool keep = true) => new(this, path, keep);

    /// <summary>Takes a place among the kept; false when there is none left.</summary>
    internal bool Take()
    {
        if (Kept >= most)
        {
            Reopened++;
            return false;
        }

        Kept++;
        return true;
    }

    internal void GiveBack() => Kept--;

    internal void Grow() => Buffer = [.. Buffer, .. new byte[Buffer.Length]];

    internal static byte[] PathBytes(string path) => [.. Encoding.UTF8.GetBytes(path), 0];
}
