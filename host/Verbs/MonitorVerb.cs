using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Pmoas.Host.Daemon;
using Pmoas.Host.Live;
using Pmoas.Host.Plugins;
using Pmoas.Host.Pods;
using Pmoas.Sdk.Bpf;
using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Verbs;

/// <summary><c>pmoas monitor</c>: the same watching as the daemon's, in the foreground, with every event shown as it happens.</summary>
internal static class MonitorVerb
{
    private const string AllStreams = "all";
    private static readonly TimeSpan SettleLimit = TimeSpan.FromSeconds(10);

    /// <summary>Makes the verb.</summary>
    public static Command Create()
    {
        Command verb = new("monitor", "Watch events live, in the foreground: one line an event, until Ctrl-C.");
        Argument<string> stream = new("STREAM")
        {
            Description = "What to watch: a stream of an enabled plugin, such as socket, or all.",
            DefaultValueFactory = _ => AllStreams,
        };
        Option<string?> pod = new("--pod") { Description = "Only this pod.", HelpName = "NAME" };
        Option<string?> ns = new("--namespace", "-n") { Description = "Only this namespace.", HelpName = "NAME" };
        Option<string?> container = new("--container") { Description = "Only this container.", HelpName = "NAME" };
        Option<PodLabel?> label = new("--pod-label")
        {
            Description = "Only pods with this label.",
            HelpName = "KEY=VALUE",
            CustomParser = result =>
            {
                PodLabel? read = PodLabel.Parse(result.Tokens[0].Value);
                if (read is null)
                {
                    result.AddError($"--pod-label: \"{result.Tokens[0].Value}\" is no label; allowed is KEY=VALUE, or KEY alone for any value");
                }

                return read;
            },
        };
        Option<bool> json = new("--json") { Description = "One JSON object a line on standard output; everything else goes to standard error." };
        verb.Add(stream);
        verb.Add(pod);
        verb.Add(ns);
        verb.Add(container);
        verb.Add(label);
        var conditions = MonitorConditions.AddTo(verb);
        Option<bool> withSockMap = new(MonitorSockMap.Option)
        {
            Description = "Meanwhile accelerate new connections between the sidecar and the service of the pod that --pod names, where the self-test allows it.",
        };
        verb.Validators.Add(result =>
        {
            if (result.GetValue(withSockMap) && result.GetValue(pod) is null)
            {
                result.AddError($"{MonitorSockMap.Option} accelerates one pod: name it with --pod.");
            }
        });
        verb.Add(json);
        verb.Add(withSockMap);
        Option<int> duration = NumberOption.AddTo(verb, "--duration", "Stop after this many seconds; 0 goes on until Ctrl-C.", minimum: 0, otherwise: 0);
        Places places = Places.AddTo(verb);
        verb.SetAction((line, _) =>
        {
            if (SetupOrMistakes.Load(places, line) is not { } setup)
            {
                return Task.FromResult(ExitCode.Usage);
            }

            bool accelerates = line.GetValue(withSockMap);
            if (accelerates && MonitorSockMap.SwitchOn(setup, line.GetValue(ns), line.GetValue(pod)!) is null)
            {
                return Task.FromResult(ExitCode.Failed);
            }

            string word = line.GetRequiredValue(stream);
            LiveFilter filter = new(word == AllStreams ? null : word, line.GetValue(ns), line.GetValue(pod), line.GetValue(container)) { Conditions = conditions.Of(line) };
            PodLabel? chosen = line.GetValue(label);
            TimeSpan limit = line.GetValue(duration) is > 0 and int seconds ? TimeSpan.FromSeconds(seconds) : Timeout.InfiniteTimeSpan;
            return Interrupt.RunAsync(stopping => WatchAsync(setup, filter, chosen, line.GetValue(json), accelerates, limit, stopping));
        });
        return verb;
    }

    private static async Task<int> WatchAsync(Setup setup, LiveFilter filter, PodLabel? label, bool json, bool accelerates, TimeSpan limit, CancellationToken stopping)
    {
        TextWriter say = json ? Console.Error : Console.Out;
        if (Preflight.CannotMeasure() is { } reason)
        {
            await Console.Error.WriteLineAsync($"pmoas: {reason}");
            return ExitCode.Failed;
        }

        await say.WriteLineAsync($"[PREFLIGHT] kernel {KernelVersion.Release}, configuration {setup.File}, plugins {setup.Catalog.Directory}");
        using ILoggerFactory loggers = LoggerFactory.Create(logging => DaemonLog.AddTo(logging, LogLevel.Warning));
        await using Stream output = Console.OpenStandardOutput();
        await using StreamWriter text = new(output) { AutoFlush = false };
        LiveOutput? live = null;
        LiveOutput Open(PodDirectory pods)
        {
            LiveFilter wanted = filter with { IsLabelled = label?.Among(pods) };
            return live = json
                ? new LiveJson(wanted, pods, new BufferedStream(output, 64 * 1024))
                : new LiveText(wanted, pods, text, colour: !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is null);
        }

        TimeSpan watched = default;
        string? summary = null;
        int code;
        try
        {
            await using NodeWatch node = new(setup, Open, loggers);
            await node.ApplyAsync(setup.Options);
            await node.Sources.SettledAsync(SettleLimit, stopping);
            MonitorTarget target = new(filter with { IsLabelled = label?.Among(node.Pods) }, label);
            code = target.Tell(node, say) ? Ready(setup, node, live!, target.Filter, say) : ExitCode.Failed;
            if (code == ExitCode.Ok)
            {
                long begun = Stopwatch.GetTimestamp();
                await Task.WhenAny(live!.ReaderGone, node.PodsEnded, Task.Delay(limit, stopping));
                watched = Stopwatch.GetElapsedTime(begun);
                summary = accelerates ? await MonitorSockMap.SummaryAsync(node) : null;
            }
        }
        catch (BpfException e)
        {
            await Console.Error.WriteLineAsync($"pmoas: {e.Message}");
            return ExitCode.Failed;
        }

        if (code == ExitCode.Ok && !live!.ReaderGone.IsCompleted)
        {
            if (summary is not null)
            {
                await say.WriteLineAsync(summary);
            }

            await say.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                $"[FINISHED] {watched.TotalSeconds:0.0} s: {live.Shown} events shown; {live.Attempts} attempts = {live.Delivered} delivered + {live.Dropped} dropped"));
        }

        return code;
    }

    /// <summary>Plugins that are there and switched off may offer more.</summary>
    private static string WhatIsOff(NodeWatch node)
    {
        string[] off = [.. node.Plugins.All.Where(plugin => plugin.State == PluginState.Found).Select(plugin => plugin.Name)];
        return off.Length == 0 ? "" : $" Off are the plugins {string.Join(", ", off)}; a table [plugins.NAME] in the configuration switches one on.";
    }

    /// <summary>Says what is watched, or why nothing can be.</summary>
    private static int Ready(Setup setup, NodeWatch node, LiveOutput live, LiveFilter filter, TextWriter say)
    {
        foreach (PluginStatus plugin in node.Plugins.All)
        {
            string hooks = plugin.Run?.Look(session => "; hooks: " + HookText.Of(session.Hooks)) ?? "";
            string reason = plugin.Reason.Length > 0 ? ": " + plugin.Reason : "";
            say.WriteLine($"[PREFLIGHT] plugin {plugin.Name}: {StateText.Of(plugin.State)}{hooks}{reason}");
        }

        if (!live.Offered.Any(live.Wants))
        {
            if (live.Offered.Count == 0)
            {
                string why = setup.WhyIdle(setup.Options).FirstOrDefault() ?? "no plugin that runs offers events; see pmoas check.";
                Console.Error.WriteLine($"pmoas: nothing to watch: {why}");
                return ExitCode.Failed;
            }

            string wanted = filter.Stream is null ? "no stream" : $"no stream \"{filter.Stream}\"";
            Console.Error.WriteLine($"pmoas: {wanted} is offered by the running plugins; there is: {string.Join(", ", live.Offered)}.{WhatIsOff(node)}");
            return ExitCode.Failed;
        }

        Container[] wantedNow = [.. node.Pods.All.Where(filter.Wants)];
        say.WriteLine($"[INFO] watching {wantedNow.Length} of {node.Pods.All.Count} containers; stop with Ctrl-C");
        if (wantedNow.Length == 0)
        {
            say.WriteLine($"[INFO] no container fits yet; known now: {MonitorTarget.Known(node.Pods.All)}");
        }

        say.Flush();
        return ExitCode.Ok;
    }
}
