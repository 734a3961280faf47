using System.Buffers.Binary;
using System.Reflection.PortableExecutable;
using System.Text;
using Pmoas.Host.Demo;

namespace Pmoas.EndToEnd.Packaging;

/// <summary>The package for arm64, made on another machine: it cannot run here, but what is in it can be looked at.</summary>
public sealed class ArmPackageTests : IDisposable
{
    private const ushort Aarch64 = 183; // EM_AARCH64 in elf.h

    private readonly string _folder = Directory.CreateTempSubdirectory("pmoas-e2e-arm").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task has_the_files_of_the_other_package_and_every_program_and_library_is_for_arm64()
    {
        Assert.Equal("arm64\n", await Subprocess.RunAsync("dpkg-deb", ["--field", Built.ArmDeb, "Architecture"], TestContext.Current.CancellationToken));
        string[] here = await ExtractAsync(Built.Deb, "here"), arm = await ExtractAsync(Built.ArmDeb, "arm");
        Assert.Equal(here, arm);

        List<(string File, ushort Machine)> binaries = [.. arm.Select(file => (file, Machine(Path.Combine(_folder, "arm", file)))).Where(file => file.Item2 != 0)];
        Assert.Contains(("usr/lib/pmoas/pmoas", Aarch64), binaries);
        Assert.Contains(("usr/lib/pmoas/libcoreclr.so", Aarch64), binaries);
        Assert.All(binaries, file => Assert.Equal(Aarch64, file.Machine));
    }

    [Fact]
    public async Task its_kernel_programs_read_the_registers_of_arm64()
    {
        await ExtractAsync(Built.Deb, "here");
        await ExtractAsync(Built.ArmDeb, "arm");
        const string Plugin = "usr/lib/pmoas/plugins/Accept/Accept.dll";
        // struct user_pt_regs is arm64's; on x86 it is struct pt_regs, with di in it.
        Assert.Contains("user_pt_regs", Resources(Path.Combine(_folder, "arm", Plugin)), StringComparison.Ordinal);
        Assert.DoesNotContain("user_pt_regs", Resources(Path.Combine(_folder, "here", Plugin)), StringComparison.Ordinal);
    }

    /// <returns>All files, relative.</returns>
    private async Task<string[]> ExtractAsync(string package, string name)
    {
        string folder = Path.Combine(_folder, name);
        await Subprocess.RunAsync("dpkg-deb", ["--extract", package, folder], TestContext.Current.CancellationToken);
        return [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder, file)).Order(StringComparer.Ordinal)];
    }

    /// <summary>What machine an ELF file is for; 0 when it is none.</summary>
    private static ushort Machine(string file)
    {
        Span<byte> head = stackalloc byte[20];
        using FileStream stream = File.OpenRead(file);
        return stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length && head[..4].SequenceEqual("\x7fELF"u8)
            ? BinaryPrimitives.ReadUInt16LittleEndian(head[18..])
            : (ushort)0;
    }

    /// <summary>What is embedded in a DLL, its kernel objects, as Latin text.</summary>
    private static string Resources(string dll)
    {
        using FileStream file = File.OpenRead(dll);
        using PEReader reader = new(file);
        DirectoryEntry resources = reader.PEHeaders.CorHeader!.ResourcesDirectory;
        return Encoding.Latin1.GetString(reader.GetSectionData(resources.RelativeVirtualAddress).GetContent(0, resources.Size).AsSpan());
    }
}
