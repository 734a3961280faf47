using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Pmoas.Host.Pods;
using Pmoas.Host.Pods.Cgroups;

namespace Pmoas.Tests.Pods;

/// <summary>A temporary directory as a pretend cgroup root, a recorded kernel and a clock that is moved by hand.</summary>
internal sealed class PretendNode : IDisposable
{
    private readonly List<string> _news = [];

    public PretendNode()
    {
        Root = Directory.CreateTempSubdirectory("pmoas-cgroups-").FullName;
        Tree = new CgroupTree(CgroupMode.V2, Root);
        Pods = new PodDirectory(Kernel, Tree, [new SidecarRule { Name = "proxy", Origin = "rule 1" }], TimeSpan.FromSeconds(30), NullLogger.Instance, Clock);
        Pods.Changed += change => _news.Add($"{change.Event} {change.Container.Name} #{change.Container.Id} {change.Container.Role}");
    }

    public string Root { get; }

    public CgroupTree Tree { get; }

    public RecordingIdentity Kernel { get; } = new();

    public HandClock Clock { get; } = new();

    public PodDirectory Pods { get; }

    /// <summary>Makes a cgroup with these processes, and looks.</summary>
    public void Make(string path, params int[] processes)
    {
        Directory.CreateDirectory(Root + path);
        File.WriteAllLines($"{Root}{path}/cgroup.procs", processes.Select(p => p.ToString(CultureInfo.InvariantCulture)));
        Pods.Look();
    }

    /// <summary>Removes a cgroup, and looks.</summary>
    public void Remove(string path)
    {
        Directory.Delete(Root + path, recursive: true);
        Pods.Look();
    }

    /// <summary>The news since it was last asked.</summary>
    public string[] News()
    {
        string[] news = [.. _news];
        _news.Clear();
        return news;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);

    internal sealed class HandClock : TimeProvider
    {
        private DateTimeOffset _now = DateTimeOffset.UnixEpoch;

        public override DateTimeOffset GetUtcNow() => _now;

        public void Pass(TimeSpan time) => _now += time;
    }
}
