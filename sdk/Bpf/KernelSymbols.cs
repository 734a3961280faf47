using System.Globalization;

namespace Pmoas.Sdk.Bpf;

/// <summary>Names of the kernel's functions by address, from <c>/proc/kallsyms</c>: some 20 MB while one lives. Immutable.</summary>
public sealed class KernelSymbols
{
    private const string File = "/proc/kallsyms";

    private readonly ulong[] _addresses;
    private readonly string[] _names;

    private KernelSymbols(ulong[] addresses, string[] names) => (_addresses, _names) = (addresses, names);

    /// <summary>Reads them all, some 100 ms. Without root the kernel hides the addresses, and no name is found.</summary>
    /// <exception cref="IOException">The kernel has no such file.</exception>
    public static KernelSymbols Read()
    {
        List<(ulong Address, string Name)> symbols = [];
        foreach (string line in System.IO.File.ReadLines(File))
        {
            // ffffffff81000000 T _stext, and behind it [module]
            string[] words = line.Split((char[])[' ', '\t'], 4);
            if (words.Length > 2 && words[1] is "t" or "T" or "w" or "W" && ulong.TryParse(words[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong address) && address != 0)
            {
                symbols.Add((address, words[2]));
            }
        }

        symbols.Sort((a, b) => a.Address.CompareTo(b.Address));
        return new KernelSymbols([.. symbols.Select(symbol => symbol.Address)], [.. symbols.Select(symbol => symbol.Name)]);
    }

    /// <summary>The function an address is in, with the offset in it: <c>tcp_v4_rcv+0x1f</c>; the address itself when there is none.</summary>
    public string NameOf(ulong address)
    {
        int at = Array.BinarySearch(_addresses, address);
        int before = at >= 0 ? at : ~at - 1;
        return before < 0
            ? string.Create(CultureInfo.InvariantCulture, $"0x{address:x}")
            : string.Create(CultureInfo.InvariantCulture, $"{_names[before]}+0x{address - _addresses[before]:x}");
    }
}
