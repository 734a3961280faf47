using Pmoas.Host.Pods.Cgroups;

namespace Pmoas.Tests.Pods.Cgroups;

public sealed class CgroupTreeTests
{
    [Theory]
    [InlineData("cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\ncgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0\ncgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n",
        nameof(CgroupMode.V1Memory), "/sys/fs/cgroup/memory")]
    [InlineData("proc /proc proc rw 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw,nsdelegate 0 0\n", nameof(CgroupMode.V2), "/sys/fs/cgroup")]
    [InlineData("none /a\\040b cgroup2 rw 0 0", nameof(CgroupMode.V2), "/a b")]
    public void finds_the_hierarchy_that_tells_containers_apart(string mounts, string mode, string root) =>
        Assert.Equal(new CgroupTree(Enum.Parse<CgroupMode>(mode), root), CgroupTree.FromMounts(mounts));

    [Fact]
    public void says_what_to_mount_when_there_is_none()
    {
        PlatformNotSupportedException e = Assert.Throws<PlatformNotSupportedException>(() => CgroupTree.FromMounts("cgroup /c/cpu cgroup rw,cpu 0 0\n"));
        Assert.EndsWith("mount one: mount -t cgroup2 none /sys/fs/cgroup", e.Message);
    }

    [Fact]
    public void a_pretend_hierarchy_has_its_directories_as_cgroups_without_those_of_others()
    {
        string root = Directory.CreateTempSubdirectory("pmoas-tree-").FullName;
        try
        {
            Directory.CreateDirectory(root + "/a/b/c");
            Directory.CreateDirectory(root + "/a/other/d");
            CgroupTree tree = new(CgroupMode.V2, root);

            IReadOnlyList<Cgroup> found = tree.Subtree("/a", new HashSet<string> { "/a", "/a/other" });

            Assert.Equal(["/a", "/a/b", "/a/b/c"], found.Select(c => c.Path));
            Assert.Equal(3, found.Select(c => c.Inode).Distinct().Count());
            Assert.Null(tree.Find("/x"));
            Assert.Empty(tree.Subtree("/x", new HashSet<string>()));
            Assert.Empty(tree.Processes("/a"));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }
}
