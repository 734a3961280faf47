using Pmoas.Host.Pods;

namespace Pmoas.Tests.Pods;

public sealed class LabelSetTests
{
    [Theory]
    [InlineData("", "", true)]
    [InlineData("a=1", "a=1", true)]
    [InlineData("a=1 b=2", "b=2 a=1", true)]
    [InlineData("a=1", "a=2", false)]
    [InlineData("a=1", "b=1", false)]
    [InlineData("a=1", "a=1 b=2", false)]
    [InlineData("a=1", "A=1", false)]
    [InlineData("a=", "", false)]
    public void sets_are_compared_by_content(string a, string b, bool same)
    {
        Assert.Equal(same, LabelSet.Same(Set(a), Set(b)));
        Assert.Equal(same, LabelSet.Same(Set(b), Set(a)));
    }

    [Theory]
    [InlineData("", "", "")]
    [InlineData("a=1", "", "a=1")]
    [InlineData("", "a=1", "a=1")]
    [InlineData("a=1", "a=2 b=2", "a=1 b=2")]
    [InlineData("a=", "a=2", "a=")]
    public void both_hold_all_and_the_first_is_believed(string first, string second, string both) =>
        Assert.Equal(both, string.Join(' ', LabelSet.Both(Set(first), Set(second)).Select(l => $"{l.Key}={l.Value}").Order()));

    [Fact]
    public void neither_is_changed()
    {
        Dictionary<string, string> first = Set("a=1");
        Dictionary<string, string> second = Set("b=2");

        LabelSet.Both(first, second);

        Assert.Equal(["a"], first.Keys);
        Assert.Equal(["b"], second.Keys);
    }

    [Fact]
    public void what_adds_nothing_costs_nothing()
    {
        Dictionary<string, string> set = Set("a=1");

        Assert.Same(set, LabelSet.Both(set, Specs.None));
        Assert.Same(set, LabelSet.Both(Specs.None, set));
        Assert.Same(set, LabelSet.Both(set, set));
    }

    private static Dictionary<string, string> Set(string labels) =>
        labels.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split('=')).ToDictionary(l => l[0], l => l[1]);
}
