using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Text;

namespace Pmoas.Sdk.Bpf;

/// <summary>
/// Judges a C# struct written by hand after a C struct: <c>AcceptEvent</c> after <c>struct accept_event</c>. A wrong mirror is an error at
/// start instead of wrong numbers for ever.
/// </summary>
public static class BtfLayout
{
    /// <summary>Compares name, offset and size of every field, then the size of the whole.</summary>
    /// <exception cref="BpfException">They differ, and how; or the object has no such struct.</exception>
    public static void Verify<T>(BpfObject bpf) where T : unmanaged => Verify<T>(bpf.Btf);

    /// <inheritdoc cref="Verify{T}(BpfObject)"/>
    public static void Verify<T>(Btf btf) where T : unmanaged
    {
        string name = SnakeCase(typeof(T).Name);
        if (!btf.TryStruct(name, out BtfStruct? c))
        {
            throw new BpfException($"{typeof(T).Name} has no struct {name} in the object: mark it PMOAS_EVENT({name}) or use it in a map", errno: 0);
        }

        List<string> differences = [];
        Dictionary<string, BtfMember> members = c.Members.ToDictionary(member => member.Name.TrimStart('_'));
        foreach (FieldInfo field in typeof(T).GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
        {
            string mirror = FieldName(field);
            (int offset, int size) = Place<T>(field);
            if (!members.Remove(SnakeCase(mirror), out BtfMember? member))
            {
                differences.Add($"{mirror}@{offset}+{size} is not in C");
            }
            else if ((member.Offset, member.Size) != (offset, size))
            {
                differences.Add($"{member.Name}@{member.Offset}+{member.Size} vs {mirror}@{offset}+{size}");
            }
        }

        differences.AddRange(members.Values.Select(member => $"{member.Name}@{member.Offset}+{member.Size} is not in C#"));
        if (c.Size != Unsafe.SizeOf<T>())
        {
            differences.Insert(0, $"size: C {c.Size}, C# {Unsafe.SizeOf<T>()}");
        }

        if (differences.Count > 0)
        {
            throw new BpfException($"{typeof(T).Name} != struct {name}: {string.Join("; ", differences)}", errno: 0);
        }
    }

    /// <summary><c>WaitNs</c> → <c>wait_ns</c>.</summary>
    private static string SnakeCase(string pascalCase)
    {
        StringBuilder snake = new();
        foreach (char letter in pascalCase)
        {
            if (char.IsUpper(letter) && snake.Length > 0)
            {
                snake.Append('_');
            }

            snake.Append(char.ToLowerInvariant(letter));
        }

        return snake.ToString();
    }

    /// <summary>The name as written: a property's field is called <c>&lt;Name&gt;k__BackingField</c>, a private one <c>_name</c>.</summary>
    private static string FieldName(FieldInfo field) =>
        field.Name.StartsWith('<') ? field.Name[1..field.Name.IndexOf('>', StringComparison.Ordinal)] : field.Name.TrimStart('_');

    /// <summary>Offset and size in managed memory. Marshal.OffsetOf would answer for marshalled memory, where a bool has four bytes.</summary>
    private static (int Offset, int Size) Place<T>(FieldInfo field) where T : unmanaged
    {
        DynamicMethod place = new("Place", typeof(long), [typeof(T).MakeByRefType()], typeof(T), skipVisibility: true);
        ILGenerator il = place.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldflda, field);
        il.Emit(OpCodes.Conv_U);
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Conv_U);
        il.Emit(OpCodes.Sub);
        il.Emit(OpCodes.Conv_I8);
        il.Emit(OpCodes.Ldc_I4, 32);
        il.Emit(OpCodes.Shl);
        il.Emit(OpCodes.Sizeof, field.FieldType);
        il.Emit(OpCodes.Conv_I8);
        il.Emit(OpCodes.Or);
        il.Emit(OpCodes.Ret);
        T instance = default;
        long packed = place.CreateDelegate<Locate<T>>()(ref instance);
        return ((int)(packed >> 32), (int)packed);
    }

    private delegate long Locate<T>(ref T instance);
}
