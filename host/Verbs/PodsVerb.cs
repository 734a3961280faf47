using System.CommandLine;
using System.Threading.Channels;
using Pmoas.Host.Daemon;
using Pmoas.Host.Live;
using Pmoas.Host.Pods;
using Pmoas.Host.Pods.Sources;
using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Verbs;

/// <summary><c>pmoas pods</c>: the pods of this node as the daemon would see them now, and which rule decides each role; the kernel is told nothing.</summary>
internal static class PodsVerb
{
    private static readonly TimeSpan SettleLimit = TimeSpan.FromSeconds(10);

    /// <summary>Makes the verb.</summary>
    public static Command Create()
    {
        Command verb = new("pods", "List the pods of this node, their containers and which of them is the sidecar; the kernel is told nothing.");
        Option<bool> explain = new("--explain") { Description = "Name the rule that decided each role, and who told of the pod." };
        Option<bool> watch = new("--watch", "-w") { Description = "Go on with a line for each container that appears, changes or goes, until Ctrl-C." };
        Option<string?> ns = new("--namespace", "-n") { Description = "Only this namespace.", HelpName = "NAME" };
        verb.Add(explain);
        verb.Add(watch);
        verb.Add(ns);
        Places places = Places.AddTo(verb);
        Option<string> output = OutputFormat.AddTo(verb);
        verb.SetAction((line, _) => SetupOrMistakes.Load(places, line) is { } setup
            ? Interrupt.RunAsync(stopping => ShowAsync(
                setup, new Wish(line.GetValue(ns), line.GetValue(explain), line.GetValue(watch), output.IsJson(line)), stopping))
            : Task.FromResult(ExitCode.Usage));
        return verb;
    }

    private static async Task<int> ShowAsync(Setup setup, Wish wish, CancellationToken stopping)
    {
        using ILoggerFactory loggers = LoggerFactory.Create(logging => DaemonLog.AddTo(logging, LogLevel.Error));
        await using PodLook look = new(setup, loggers.CreateLogger("pmoas.pods"));
        Channel<ContainerChange> news = Channel.CreateUnbounded<ContainerChange>();
        if (!Console.IsErrorRedirected)
        {
            await Console.Error.WriteAsync("asking for pods …\r");
        }

        await look.SettleAsync(SettleLimit, stopping);
        look.Pods.Changed += change => news.Writer.TryWrite(change);
        foreach (SourceStatus source in look.Sources.Statuses.Where(source => source.Problem.Length > 0))
        {
            await Console.Error.WriteLineAsync($"pmoas: source {source.Name} at {source.Endpoint} does not tell pods: {source.Problem}");
        }

        PodRow[] rows = [.. PodRow.All(look.Pods).Where(row => wish.Namespace is null || row.Namespace == wish.Namespace)];
        Show(rows, wish, setup, look);
        while (wish.Watch && await news.Reader.WaitToReadAsync(stopping).AsTask().ContinueWith(wait => wait.IsCompletedSuccessfully, TaskScheduler.Default))
        {
            while (news.Reader.TryRead(out ContainerChange change))
            {
                ShowChange(change, wish);
            }
        }

        return look.Sources.Statuses.Any(source => source is { IsWanted: true, IsUp: false }) ? ExitCode.Failed : ExitCode.Ok;
    }

    private static void Show(PodRow[] rows, Wish wish, Setup setup, PodLook look)
    {
        if (wish.Json && !wish.Watch)
        {
            Json.Write(rows);
        }
        else if (wish.Json)
        {
            foreach (PodRow row in rows)
            {
                Json.WriteLine(new { Event = "listed", Container = row });
            }
        }
        else if (rows.Length == 0)
        {
            string asked = string.Join(", ", look.Sources.Statuses.Select(source => $"{source.Name} at {source.Endpoint}"));
            Console.Error.WriteLine(wish.Namespace is { } ns
                ? $"pmoas: no pod of namespace {ns} is on this node."
                : $"pmoas: no pod is on this node; asked: {asked}. Declare one by hand with [[sources.static.pods]] in {setup.File}.");
        }
        else
        {
            string[] columns = ["namespace", "pod", "container", "role", "image", "pid", .. wish.Explain ? (string[])["told by", "why"] : []];
            Listing list = new(columns);
            foreach (PodRow row in rows)
            {
                string pid = row.Pid is null ? "-" : string.Join(" → ", (row.NestedPids ?? []).Prepend(row.Pid.Value));
                list.Add(
                [
                    row.Namespace, row.Pod, row.Container, row.Role ?? "not running", row.Image, pid,
                    .. wish.Explain ? (string[])[string.Join(", ", row.Sources), row.Why] : [],
                ]);
            }

            list.Write();
        }
    }

    private static void ShowChange(ContainerChange change, Wish wish)
    {
        Container container = change.Container;
        if (wish.Namespace is not null && container.Namespace != wish.Namespace)
        {
            return;
        }

        string happened = change.Event.ToString().ToLowerInvariant();
        if (wish.Json)
        {
            Json.WriteLine(new { Event = happened, Container = PodRow.Of(container, main: 0) });
        }
        else
        {
            string why = wish.Explain ? $", {container.RoleReason}" : "";
            Console.Out.WriteLine($"{DateTime.Now:HH:mm:ss} {happened,-8} {container.Namespace}/{container.Pod}/{container.Name}: {RoleText.Of(container.Role)}{why}");
        }
    }

    /// <summary>What the user wants to see.</summary>
    private sealed record Wish(string? Namespace, bool Explain, bool Watch, bool Json);
}
