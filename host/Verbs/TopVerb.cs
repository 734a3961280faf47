using System.CommandLine;
using Pmoas.Host.Overview;
using Pmoas.Host.Top;
using Spectre.Console;

namespace Pmoas.Host.Verbs;

/// <summary><c>pmoas top</c>: what sidecars cost, live, by a running daemon's metrics; needs no rights of its own.</summary>
internal static class TopVerb
{
    private const string DefaultUrl = "http://127.0.0.1:8765";

    /// <summary>Makes the verb.</summary>
    public static Command Create()
    {
        Command verb = new("top", "Show the pods by what their sidecar costs, live, as the running daemon measures it; one table when piped.");
        Option<Uri> url = new("--url")
        {
            Description = "Where the daemon serves.",
            HelpName = "URL",
            DefaultValueFactory = _ => new Uri(DefaultUrl),
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                if (Uri.TryCreate(text, UriKind.Absolute, out Uri? given) && given.Scheme is "http" or "https" && given.AbsolutePath is "/" or "/metrics")
                {
                    return new Uri(given, "/");
                }

                result.AddError($"--url: \"{text}\" is no address of a daemon; allowed is one such as {DefaultUrl} or https://node-1:8765");
                return null;
            },
        };
        Option<string?> token = FileOption("--token-file", "A file that holds the daemon's bearer token.");
        Option<string?> user = FileOption("--user-file", "A file that holds NAME:PASSWORD.");
        Option<string?> authority = FileOption("--ca-file", "Trust this authority, a PEM file, for the daemon's certificate.");
        Option<string> sort = new Option<string>("--sort", "-s")
        {
            Description = "Order of the pods.",
            HelpName = "KEY",
            DefaultValueFactory = _ => "cpu",
        }.AcceptOnlyFromAmong([.. Enum.GetNames<SortKey>().Select(name => name.ToLowerInvariant())]);
        Option<string> filter = new("--filter", "-f")
        {
            Description = "Only pods whose NAMESPACE/NAME has this text in it.",
            HelpName = "TEXT",
            DefaultValueFactory = _ => "",
        };
        Option<string?> pod = new("--pod") { Description = "Look into this pod: its containers, legs and stages.", HelpName = "NAMESPACE/NAME" };
        Option<bool> once = new("--once") { Description = "Print one table and end, as when piped." };
        Option<bool> json = new("--json") { Description = "Print one JSON object and end." };
        foreach (Option option in (Option[])[url, token, user, authority, sort, filter, pod, once, json])
        {
            verb.Add(option);
        }

        Option<int> interval = NumberOption.AddTo(verb, "--interval", "Seconds between two looks.", minimum: 1, otherwise: 2);
        verb.SetAction((line, _) => Interrupt.RunAsync(stopping => RunAsync(
            new DaemonPlace(line.GetRequiredValue(url), line.GetValue(token), line.GetValue(user), line.GetValue(authority)),
            new TopState
            {
                Sort = Enum.Parse<SortKey>(line.GetRequiredValue(sort), ignoreCase: true),
                Filter = line.GetRequiredValue(filter),
                Open = line.GetValue(pod) is { } name ? new PodKey(name.Split('/', 2)[0], name.Split('/', 2)[^1]) : null,
            },
            TimeSpan.FromSeconds(line.GetValue(interval)),
            line.GetValue(json),
            line.GetValue(once) || Console.IsOutputRedirected || Console.IsInputRedirected,
            stopping)));
        return verb;
    }

    private static async Task<int> RunAsync(DaemonPlace place, TopState state, TimeSpan interval, bool json, bool once, CancellationToken stopping)
    {
        try
        {
            using DaemonClient daemon = new(place);
            if (!json && !once)
            {
                await new TopLoop(AnsiConsole.Console, daemon.ScrapeAsync, interval).RunAsync(state, stopping);
                return ExitCode.Ok;
            }

            NodeTotals before = await daemon.ScrapeAsync(stopping);
            await Task.Delay(interval, stopping);
            return Print(Comparison.Of(before, await daemon.ScrapeAsync(stopping)), state, json);
        }
        catch (DaemonException e)
        {
            await Console.Error.WriteLineAsync($"pmoas: {e.Message}");
            return ExitCode.Failed;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return ExitCode.Ok;
        }
    }

    private static int Print(NodeOverview node, TopState state, bool json)
    {
        PodOverview? opened = state.Opened(node);
        if (state.Open is { } open && opened is null)
        {
            string known = node.Pods.Count == 0 ? "none is measured" : "there is: " + string.Join(", ", node.Pods.Select(pod => $"{pod.Namespace}/{pod.Pod}"));
            Console.Error.WriteLine($"pmoas: no pod {open.Namespace}/{open.Pod} is measured; {known}.");
            return ExitCode.Failed;
        }

        if (json)
        {
            Json.Write(node with { Pods = opened is null ? state.Shown(node) : [opened] });
            return ExitCode.Ok;
        }

        TopText.Write(opened is null ? [TopTables.Pods(state.Shown(node))] : [.. TopTables.Pod(opened)], Console.Out);
        foreach (string line in opened is null ? [] : TopView.Missing(opened))
        {
            Console.Error.WriteLine($"pmoas: {line}");
        }

        return ExitCode.Ok;
    }

    private static Option<string?> FileOption(string name, string description) => new(name) { Description = description, HelpName = "FILE" };
}
