using Pmoas.Host.Demo;

namespace Pmoas.EndToEnd.Packaging;

/// <summary>What the package for arm64 is made of, as far as another machine can see it: making all of it takes minutes.</summary>
public sealed class ArmTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pmoas-e2e-arm").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // Of our kernel programs only Accept's read registers: on arm64 they are a struct user_pt_regs, which x86 does not have.
    [Theory]
    [InlineData("linux-arm64", true)]
    [InlineData("linux-x64", false)]
    public async Task kernel_programs_are_compiled_with_the_registers_of_the_machine_the_package_is_for(string runtime, bool arm)
    {
        await RunAsync(
            "dotnet", "msbuild", Path.Combine(Built.PluginSources, "Accept/Pmoas.Accept.csproj"), "-t:PmoasCompileBpf", $"-p:RuntimeIdentifier={runtime}",
            $"-p:IntermediateOutputPath={_folder}/", "-nodeReuse:false");

        string types = await RunAsync("bpftool", "btf", "dump", "file", Path.Combine(_folder, "bpf/accept.bpf.o"));

        Assert.Contains("STRUCT 'pt_regs'", types, StringComparison.Ordinal);
        Assert.Equal(arm, types.Contains("STRUCT 'user_pt_regs'", StringComparison.Ordinal));
    }

    private static Task<string> RunAsync(string program, params string[] arguments) => Subprocess.RunAsync(program, arguments, TestContext.Current.CancellationToken);
}
