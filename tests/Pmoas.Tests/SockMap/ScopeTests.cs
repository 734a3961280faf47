using Pmoas.Sdk.Bpf;
using Pmoas.SockMap;

namespace Pmoas.Tests.SockMap;

/// <summary>Which pods are accelerated, where programs are attached, and who is in the way.</summary>
public sealed class ScopeTests
{
    [Theory]
    [InlineData("shop", "cart-1", true)]
    [InlineData("shop", "bank-1", false)]
    [InlineData("kube-system", "cart-1", false)]
    [InlineData("team-a", "cart-2", true)]
    [InlineData("team-a", "cart-test", false)]
    public void pods_are_chosen_by_globs_of_namespaces_and_names(string podNamespace, string pod, bool chosen)
    {
        SockMapOptions options = new() { IncludeNamespaces = ["shop", "team-*"], IncludePods = ["cart-*"], ExcludePods = ["*-test"] };
        Assert.True(ChosenContainers.IsChoice(options));
        Assert.Equal(chosen, ChosenContainers.Includes(options, podNamespace, pod));
    }

    [Fact]
    public void without_a_word_about_pods_nothing_is_left_out() => Assert.False(ChosenContainers.IsChoice(new SockMapOptions()));

    [Theory]
    [InlineData("tmpfs /run tmpfs rw 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n", "/sys/fs/cgroup")]
    [InlineData("cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\nnone /sys/fs/cgroup/uni\\040fied cgroup2 rw 0 0\n", "/sys/fs/cgroup/uni fied")]
    [InlineData("cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\n", null)]
    public void the_hierarchy_of_cgroup_v2_is_found_among_the_mounts(string mounts, string? root) => Assert.Equal(root, UnifiedCgroup.RootOf(mounts));

    [Fact]
    public void another_owner_of_sockets_is_a_conflict_and_another_sock_ops_program_is_told()
    {
        LoadedProgram[] programs =
        [
            new(1, Acceleration.Redirects, LoadedProgram.SkMsg), new(2, Acceleration.Connects, LoadedProgram.SockOps),
            new(3, "cil_redir_proxy", LoadedProgram.SkMsg), new(4, "", LoadedProgram.SkSkb), new(5, "bpf_sockops", LoadedProgram.SockOps), new(6, "xdp", 6),
        ];

        Assert.Equal(["cil_redir_proxy (program 3)", "nameless (program 4)"], OtherOwners.Conflicts(programs));
        Assert.Equal(
            ["another sk_msg program", "another sk_skb program", "another sock_ops program"],
            OtherOwners.Missing(programs).Select(part => part.Name));
    }
}
