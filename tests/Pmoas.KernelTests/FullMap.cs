using System.Runtime.InteropServices;
using Pmoas.Sdk.Bpf;
using Pmoas.Sdk.Bpf.Native;

namespace Pmoas.KernelTests;

/// <summary>Leaves a program no room in a per-CPU map, as a kernel does that has no memory for a new value at the moment.</summary>
internal static class FullMap
{
    /// <summary>Fills the map; the first four bytes of its keys are ids that nobody has, from the highest down.</summary>
    /// <returns>How many entries it holds then.</returns>
    internal static unsafe int Fill(BpfMap map)
    {
        byte[] key = new byte[map.KeySize], value = new byte[map.ValueSize * Environment.ProcessorCount];
        int result = 0;
        for (uint id = uint.MaxValue; result != -Errno.E2BIG; id--)
        {
            MemoryMarshal.Write(key, id);
            fixed (byte* of = key, zeros = value)
            {
                result = Libbpf.bpf_map_update_elem(map.Fd, of, zeros, 0);
            }

            // The kernel may have no memory ready for one; then the next finds it.
            Assert.True(result is 0 or -Errno.ENOMEM or -Errno.E2BIG, $"{-result}");
            Assert.True(id > uint.MaxValue - (10 * map.MaxEntries), "the map takes more than it has room for, or nothing");
        }

        return map.CountEntries();
    }
}
