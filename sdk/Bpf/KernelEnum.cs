using Pmoas.Sdk.Bpf.Native;

namespace Pmoas.Sdk.Bpf;

/// <summary>Names of the running kernel's numbers.</summary>
public static class KernelEnum
{
    private const string KernelTypes = "/sys/kernel/btf/vmlinux";

    /// <summary>The names of an enum's values as the running kernel has them; empty when it has no such enum, or no BTF.</summary>
    /// <param name="name">C name, such as <c>skb_drop_reason</c>.</param>
    public static IReadOnlyDictionary<uint, string> NamesOf(string name)
    {
        Dictionary<uint, string> names = [];
        if (!File.Exists(KernelTypes))
        {
            return names;
        }

        BtfBlob types = new(File.ReadAllBytes(KernelTypes));
        for (int id = 1; id < types.Count; id++)
        {
            if (types.Kind(id) == BtfKind.Enum && types.Length(id) > 0 && types.Name(id) == name)
            {
                for (int i = 0; i < types.Length(id); i++)
                {
                    names.TryAdd((uint)types.Trailing(id, (2 * i) + 1), types.Text(types.Trailing(id, 2 * i)));
                }

                break;
            }
        }

        return names;
    }
}
