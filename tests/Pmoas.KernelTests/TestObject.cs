using System.Reflection;

namespace Pmoas.KernelTests;

/// <summary>The compiled kernel objects embedded in this assembly.</summary>
internal static class TestObject
{
    /// <summary>The bytes of <c>bpf/NAME.bpf.c</c>, compiled.</summary>
    internal static byte[] Elf(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"{name}.bpf.o")
            ?? throw new InvalidOperationException($"{name}.bpf.o is not embedded");
        byte[] elf = new byte[stream.Length];
        stream.ReadExactly(elf);
        return elf;
    }
}
