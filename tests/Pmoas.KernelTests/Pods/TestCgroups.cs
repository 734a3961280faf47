using Pmoas.Host.Pods.Cgroups;

namespace Pmoas.KernelTests.Pods;

/// <summary>Cgroups that a test has made.</summary>
internal static class TestCgroups
{
    /// <summary>Removes a cgroup and all below it; nothing may run in them any more.</summary>
    internal static void Remove(CgroupTree tree, string top)
    {
        foreach (Cgroup cgroup in tree.Subtree(top, new HashSet<string>()).Reverse())
        {
            Directory.Delete(tree.DirectoryOf(cgroup.Path));
        }
    }
}
