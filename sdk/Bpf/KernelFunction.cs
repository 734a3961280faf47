using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Pmoas.Sdk.Bpf.Native;

namespace Pmoas.Sdk.Bpf;

/// <summary>A function of the running kernel or of a module that is loaded, as its type information (BTF) has it.</summary>
public sealed class KernelFunction
{
    private const string Folder = "/sys/kernel/btf";
    private const string Kernel = "vmlinux";

    /// <summary>What was found; a module may come later, so what was not found is looked for again.</summary>
    private static readonly ConcurrentDictionary<string, KernelFunction> Found = new();

    private readonly IReadOnlyList<string?> _structs;

    private KernelFunction(string name, string? module, IReadOnlyList<string?> structs) => (Name, Module, _structs) = (name, module, structs);

    /// <summary>C name.</summary>
    public string Name { get; }

    /// <summary>Module it is in; null for the kernel itself.</summary>
    public string? Module { get; }

    /// <summary>Looks a function up: some 50 ms the first time, and 100 more where it is in a module. Thread-safe.</summary>
    /// <param name="name">C name, such as <c>ip_rcv</c>.</param>
    /// <param name="function">The function.</param>
    /// <returns>False when there is none, or no BTF. That it can be traced only an attempt shows.</returns>
    public static bool TryFind(string name, [NotNullWhen(true)] out KernelFunction? function)
    {
        if (Found.TryGetValue(name, out function))
        {
            return true;
        }

        if (!File.Exists(Path.Combine(Folder, Kernel)))
        {
            return false;
        }

        BtfBlob kernel = new(File.ReadAllBytes(Path.Combine(Folder, Kernel)));
        function = Find(kernel, null, name);
        foreach (string module in Directory.EnumerateFiles(Folder).Where(file => Path.GetFileName(file) != Kernel))
        {
            function ??= Find(new BtfBlob(File.ReadAllBytes(module), kernel), Path.GetFileName(module), name);
        }

        if (function is not null)
        {
            Found.TryAdd(name, function);
        }

        return function is not null;
    }

    /// <summary>Which of its arguments, from 0, is the first pointer to this struct; -1 when none is.</summary>
    public int ArgumentOf(string structName)
    {
        for (int i = 0; i < _structs.Count; i++)
        {
            if (_structs[i] == structName)
            {
                return i;
            }
        }

        return -1;
    }

    private static KernelFunction? Find(BtfBlob types, string? module, string name)
    {
        for (int id = types.First; id < types.Count; id++)
        {
            if (types.Kind(id) == BtfKind.Function && types.Name(id) == name)
            {
                int prototype = types.SizeOrType(id);
                return new KernelFunction(name, module, [.. Enumerable.Range(0, types.Length(prototype)).Select(i => StructOf(types, types.Trailing(prototype, (2 * i) + 1)))]);
            }
        }

        return null;
    }

    /// <summary>Name of the struct that a type points to.</summary>
    private static string? StructOf(BtfBlob types, int id)
    {
        int pointer = types.Resolve(id);
        if (types.Kind(pointer) != BtfKind.Pointer)
        {
            return null;
        }

        int pointed = types.Resolve(types.SizeOrType(pointer));
        return types.Kind(pointed) == BtfKind.Struct ? types.Name(pointed) : null;
    }
}
