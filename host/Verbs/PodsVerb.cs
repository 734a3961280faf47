using System.CommandLine;
using Microsoft.Extensions.Logging.Abstractions;
using Pmoas.Host.Daemon;
using Pmoas.Host.Identity;
using Pmoas.Host.Live;
using Pmoas.Host.Pods;
using Pmoas.Host.Pods.Cgroups;
using Pmoas.Host.Pods.Sources;
using Pmoas.Sdk.Bpf;
using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Verbs;

/// <summary><c>pmoas pods</c>: the pods of this node as the daemon would see them now, and which rule decides each role; the kernel is told nothing.</summary>
internal static class PodsVerb
{
    /// <summary>Makes the verb.</summary>
    public static Command Create()
    {
        Command verb = new("pods", "List the pods of this node, their containers and which of them is the sidecar; nothing is started.");
        Option<bool> explain = new("--explain") { Description = "Name the rule that decided each role." };
        verb.Add(explain);
        Places places = Places.AddTo(verb);
        Option<string> output = OutputFormat.AddTo(verb);
        verb.SetAction(line => SetupOrMistakes.Load(places, line) is { } setup
            ? Show(setup, line.GetValue(explain), output.IsJson(line))
            : ExitCode.Usage);
        return verb;
    }

    private static int Show(Setup setup, bool explain, bool json)
    {
        Row[] rows = [.. Look(setup)];
        if (json)
        {
            Json.Write(rows);
        }
        else if (rows.Length == 0)
        {
            Console.Error.WriteLine($"pmoas: no pod is declared in {setup.File}; add [[sources.static.pods]].");
        }
        else
        {
            string[] columns = ["namespace", "pod", "container", "role", "image", "cgroup", .. explain ? (string[])["why"] : []];
            Listing list = new(columns);
            foreach (Row row in rows)
            {
                list.Add([row.Namespace, row.Pod, row.Container, row.Role ?? "not running", row.Image, row.Cgroup, .. explain ? (string[])[row.Why] : []]);
            }

            list.Write();
        }

        return ExitCode.Ok;
    }

    private static IEnumerable<Row> Look(Setup setup)
    {
        PodDirectory directory = new(
            new Untold(), CgroupTree.Detect(), setup.Options.SidecarRules, TimeSpan.Zero, NullLogger.Instance, TimeProvider.System);
        directory.Publish(0, "static", StaticPodSource.Pods(setup.Options.Sources.Static));
        foreach (PodSpec pod in directory.Pods)
        {
            foreach (ContainerSpec container in pod.Containers)
            {
                Container? running = directory.All.FirstOrDefault(
                    c => c.Namespace == pod.Namespace && c.Pod == pod.Name && c.Name == container.Name);
                yield return new Row(pod.Namespace, pod.Name, container.Name, running is null ? null : RoleText.Of(running.Role),
                    container.Image, container.CgroupPath, running?.RoleReason ?? "its cgroup does not exist");
            }
        }
    }

    private sealed record Row(string Namespace, string Pod, string Container, string? Role, string Image, string Cgroup, string Why);

    /// <summary>Looking is all: no tag is written.</summary>
    private sealed class Untold : IKernelIdentity
    {
        public void Tag(Container container)
        {
        }

        public void Untag(Container container)
        {
        }

        public void Enrol(int pid)
        {
        }

        public void TagPod(ulong netnsCookie, uint podId)
        {
        }

        public void UntagPod(ulong netnsCookie)
        {
        }

        public void ShareWith(BpfObject opened)
        {
        }
    }
}
