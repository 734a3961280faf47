using Pmoas.Host.Demo;

namespace Pmoas.KernelTests.ResourceUsage;

/// <summary>A block device of the test's own, over a file in memory or on a disk.</summary>
internal sealed class LoopDevice : IAsyncDisposable
{
    private readonly string? _file;

    private LoopDevice(string? file, string path) => (_file, Path) = (file, path);

    /// <summary>Such as <c>/dev/loop0</c>.</summary>
    internal string Path { get; }

    internal string Name => System.IO.Path.GetFileName(Path);

    /// <summary>Such as <c>7:0</c>.</summary>
    internal string Numbers => File.ReadAllText($"/sys/block/{Name}/dev").Trim();

    internal static async Task<LoopDevice> StartAsync(int mib)
    {
        string file = $"/dev/shm/pmoas-test-loop-{Environment.ProcessId}";
        await using (FileStream made = File.Create(file))
        {
            made.SetLength(mib * 1024L * 1024);
        }

        try
        {
            return new LoopDevice(file, (await Subprocess.RunAsync("losetup", ["--find", "--show", file], CancellationToken.None)).Trim());
        }
        catch
        {
            File.Delete(file);
            throw;
        }
    }

    /// <summary>Over a file or a disk that is there, past the page cache.</summary>
    internal static async Task<LoopDevice> OverAsync(string file) => new(
        null, (await Subprocess.RunAsync("losetup", ["--find", "--show", "--direct-io=on", file], CancellationToken.None)).Trim());

    public async ValueTask DisposeAsync()
    {
        await Subprocess.RunAsync("losetup", ["--detach", Path], CancellationToken.None);
        if (_file is not null)
        {
            File.Delete(_file);
        }
    }
}
