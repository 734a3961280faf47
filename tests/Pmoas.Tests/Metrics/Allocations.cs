namespace Pmoas.Tests.Metrics;

/// <summary>Bytes that this thread allocates.</summary>
internal static class Allocations
{
    /// <summary>
    /// Runs it so many times, and again while something was allocated: what allocates does so each time, while the runtime may once, in the
    /// middle, when it exchanges code that has become hot.
    /// </summary>
    /// <returns>Bytes of the batch that allocated least.</returns>
    internal static long OfBatch(int times, Action work)
    {
        long least = long.MaxValue;
        for (int batch = 0; batch < 3 && least > 0; batch++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < times; i++)
            {
                work();
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
