using Pmoas.Host.Pods;

namespace Pmoas.Tests.Pods;

public sealed class NestedPidsTests
{
    private static readonly Dictionary<int, int[]> Numbers = new()
    {
        [6649] = [6649, 139, 1],
        [6700] = [6700, 190, 139],
        [6701] = [6701, 191, 7],
    };

    [Fact]
    public void the_outermost_number_is_first() =>
        Assert.Equal([6649, 139, 1], NestedPids.Parse(["Name:\tnginx", "NSpid:\t6649\t139\t1", "NSpgid:\t6649\t139\t1"]));

    [Fact]
    public void this_process_ends_with_the_number_it_knows_itself_by() => Assert.Equal(Environment.ProcessId, NestedPids.Of(Environment.ProcessId)[0]);

    [Fact]
    public void a_process_that_is_gone_has_none() => Assert.Empty(NestedPids.Of(int.MaxValue));

    [Theory]
    [InlineData(191, null, 6701)]
    [InlineData(6649, null, 6649)]
    [InlineData(139, 1, 6649)]
    [InlineData(139, 2, 6700)]
    [InlineData(191, 2, 0)]
    [InlineData(5, null, 0)]
    [InlineData(139, 9, 0)]
    public void a_number_means_a_process_at_the_runtimes_level(int pid, int? level, int expected) =>
        Assert.Equal(expected, NestedPids.Find(Numbers.Keys, pid, level, process => Numbers[process]));
}
