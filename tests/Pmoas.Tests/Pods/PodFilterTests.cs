using Pmoas.Host.Pods;

namespace Pmoas.Tests.Pods;

public sealed class PodFilterTests
{
    [Theory]
    [InlineData("", "", "shop", true)]
    [InlineData("shop", "", "shop", true)]
    [InlineData("shop", "", "shop-2", false)]
    [InlineData("team-*", "", "team-a", true)]
    [InlineData("team-* shop", "", "shop", true)]
    [InlineData("team-?", "", "team-ab", false)]
    [InlineData("", "kube-*", "kube-system", false)]
    [InlineData("", "kube-*", "shop", true)]
    [InlineData("*", "shop", "shop", false)]
    [InlineData("shop", "kube-*", "", true)]
    [InlineData("shop", "*", "", true)]
    public void takes_what_is_included_and_not_excluded_and_what_nobody_has_named_yet(string include, string exclude, string ns, bool takes) =>
        Assert.Equal(takes, new PodFilter(include.Split(' ', StringSplitOptions.RemoveEmptyEntries), exclude.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Takes(Specs.Pod("p") with { Namespace = ns }));

    [Fact]
    public void everything_leaves_nothing_out() => Assert.True(PodFilter.Everything.Takes(Specs.Pod("p")));
}
