using System.IO.Pipelines;
using System.Text;
using Pmoas.Host.Pods.Sources.Kubernetes;

namespace Pmoas.Tests.Kubernetes;

public sealed class WatchLinesTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    private readonly Pipe _pipe = new();

    [Fact]
    public async Task lines_come_one_by_one_and_a_rest_is_none()
    {
        WatchLines lines = new(new MemoryStream("one\n\ntwo\nthr"u8.ToArray()), Long, TimeProvider.System);

        Assert.Equal("one", await NextAsync(lines));
        Assert.True(lines.HasNext);
        Assert.Equal("", await NextAsync(lines));
        Assert.Equal("two", await NextAsync(lines));
        Assert.False(lines.HasNext);
        Assert.Null(await NextAsync(lines));
    }

    [Fact]
    public async Task a_line_that_comes_byte_by_byte_is_one_line()
    {
        WatchLines lines = new(_pipe.Reader.AsStream(), Long, TimeProvider.System);
        Task<string?> next = NextAsync(lines);
        foreach (byte one in "slow\n"u8.ToArray())
        {
            await _pipe.Writer.WriteAsync(new[] { one });
        }

        Assert.Equal("slow", await next);
    }

    [Fact]
    public async Task a_long_line_is_whole_and_short_ones_follow()
    {
        string large = new('x', 1_000_000);
        WatchLines lines = new(new MemoryStream(Encoding.ASCII.GetBytes($"a\n{large}\nb\nc\n")), Long, TimeProvider.System);

        Assert.Equal("a", await NextAsync(lines));
        Assert.Equal(large, await NextAsync(lines));
        Assert.Equal("b", await NextAsync(lines));
        Assert.Equal("c", await NextAsync(lines));
        Assert.Null(await NextAsync(lines));
    }

    [Fact]
    public async Task a_line_that_is_too_long_is_refused()
    {
        WatchLines lines = new(new MemoryStream(new byte[200_000]), Long, TimeProvider.System, longest: 100_000);

        InvalidDataException e = await Assert.ThrowsAsync<InvalidDataException>(() => NextAsync(lines));
        Assert.Equal("a line of more than 100000 bytes", e.Message);
    }

    [Fact]
    public async Task silence_ends_it()
    {
        WatchLines lines = new(_pipe.Reader.AsStream(), TimeSpan.FromMilliseconds(50), TimeProvider.System);

        TimeoutException e = await Assert.ThrowsAsync<TimeoutException>(() => NextAsync(lines));
        Assert.Equal("nothing came for 0.1 s", e.Message);
    }

    private static async Task<string?> NextAsync(WatchLines lines) =>
        await lines.NextAsync(CancellationToken.None) is { } line ? Encoding.ASCII.GetString(line.Span) : null;
}
