using Microsoft.Extensions.Logging.Abstractions;
using Pmoas.Host.Config;
using Pmoas.Host.Http;
using Pmoas.Host.Plugins;
using Pmoas.Host.Pods;
using Pmoas.Host.Pods.Cgroups;
using Pmoas.Sdk.Bpf;
using Pmoas.Sdk.Bpf.Native;

namespace Pmoas.Host.Daemon;

/// <summary>How a check ended.</summary>
internal enum Verdict
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>It works, with less.</summary>
    Degraded,

    /// <summary>It does not work.</summary>
    Fail,
}

/// <summary>What a check found; for anything but ok the text ends with the cure.</summary>
internal sealed record Finding(Verdict Verdict, string What, string Text);

/// <summary>Checks the machine, the configuration and the plugins the way the daemon will use them.</summary>
internal static class Preflight
{
    private const string Configuration = "configuration";
    private const string KernelTypes = "/sys/kernel/btf/vmlinux";
    private static readonly Version Oldest = new(6, 1);

    /// <summary>Why this process cannot measure anything, with the cure; null when it can.</summary>
    public static string? CannotMeasure() => Machine().FirstOrDefault(finding => finding.Verdict == Verdict.Fail) is { } failed
        ? $"{failed.What}: {failed.Text}"
        : null;

    /// <summary>All checks. Plugins are attached for real and detached again.</summary>
    public static async Task<IReadOnlyList<Finding>> RunAsync(string config, string plugins, string? kubeconfig)
    {
        List<Finding> findings = [.. Machine()];
        (Setup? setup, IReadOnlyList<ConfigError> errors) = Setup.Load(config, plugins, kubeconfig);
        findings.AddRange(errors.Count == 0
            ? [new Finding(Verdict.Ok, Configuration, config)]
            : errors.Select(error => new Finding(Verdict.Fail, Configuration, error.ToString())));
        if (setup is not null)
        {
            findings.AddRange(setup.JudgeSwitchedOff().Select(error => new Finding(Verdict.Degraded, Configuration, $"{error} (the plugin is switched off)")));
            findings.Add(Http(setup.Options.Http));
        }

        findings.Add(Folder(plugins));
        if (setup is not null)
        {
            findings.AddRange(await PodFindings.OfAsync(setup));
        }

        if (setup is not null && findings.TakeWhile(finding => finding.What != Configuration).All(finding => finding.Verdict != Verdict.Fail))
        {
            findings.AddRange(await PluginsAsync(setup));
        }

        return findings;
    }

    private static IEnumerable<Finding> Machine()
    {
        yield return KernelVersion.Current >= Oldest
            ? new Finding(Verdict.Ok, "kernel", KernelVersion.Release)
            : new Finding(Verdict.Fail, "kernel", $"{KernelVersion.Release} is too old: boot {Oldest} or newer.");
        yield return File.Exists(KernelTypes)
            ? new Finding(Verdict.Ok, "kernel types", KernelTypes)
            : new Finding(Verdict.Fail, "kernel types", $"{KernelTypes} is missing: boot a kernel built with CONFIG_DEBUG_INFO_BTF=y.");
        IReadOnlyList<string> missing = Capabilities.MissingToMeasure();
        IReadOnlyList<string> wanted = Capabilities.MissingToKnowPods();
        yield return (missing, wanted) switch
        {
            ([_, ..], _) => new Finding(Verdict.Fail, "capabilities",
                $"{string.Join(" and ", missing)} missing: run as root, or with the capabilities that pmoas.service lists."),
            (_, [_, ..]) => new Finding(Verdict.Degraded, "capabilities",
                $"{string.Join(" and ", wanted)} missing: pods of other users are not found by their network namespace; see pmoas.service."),
            _ => new Finding(Verdict.Ok, "capabilities", "all there"),
        };
        yield return Libbpf();
        yield return Cgroups();
        yield return NestedPids.InitialNamespace
            ? new Finding(Verdict.Ok, "pid namespace", "the machine's own")
            : new Finding(Verdict.Degraded, "pid namespace",
                "not the machine's own: processes of other containers are not seen, so commands and network namespaces stay unknown; run on the host, or with hostPID: true.");
    }

    private static Finding Cgroups()
    {
        try
        {
            var tree = CgroupTree.Detect();
            return new Finding(Verdict.Ok, "cgroups", $"{(tree.Mode == CgroupMode.V2 ? "version 2" : "version 1 (memory)")} at {tree.Root}");
        }
        catch (PlatformNotSupportedException e)
        {
            return new Finding(Verdict.Fail, "cgroups", e.Message);
        }
    }

    private static Finding Libbpf()
    {
        try
        {
            LibbpfVersion.Require();
            return new Finding(Verdict.Ok, "libbpf", LibbpfVersion.Text);
        }
        catch (BpfException e)
        {
            return new Finding(Verdict.Fail, "libbpf", e.Message);
        }
    }

    private static Finding Http(HttpOptions http)
    {
        try
        {
            using HttpServing serving = new(http, http.Endpoint, NullLogger.Instance, TimeProvider.System);
            string readers = http.HasCredentials ? "with credentials" : "for everybody who reaches it";
            return new Finding(Verdict.Ok, "http", $"{serving.Address}, {readers}");
        }
        catch (HttpFileException e)
        {
            return new Finding(Verdict.Fail, "http", e.Message);
        }
    }

    private static Finding Folder(string plugins)
    {
        IReadOnlyList<FoundPlugin> found = PluginFolder.Find(plugins);
        return found.Count > 0
            ? new Finding(Verdict.Ok, "plugin directory", $"{plugins}: {string.Join(", ", found.Select(plugin => plugin.Name))}")
            : new Finding(Verdict.Fail, "plugin directory", PluginFolder.WhyEmpty(plugins));
    }

    private static async Task<IReadOnlyList<Finding>> PluginsAsync(Setup setup)
    {
        try
        {
            await using NodeWatch node = new(setup, live: null, NullLoggerFactory.Instance);
            await node.ApplyAsync(setup.Options);
            return [.. node.Plugins.All.SelectMany(Plugin)];
        }
        catch (BpfException e)
        {
            return [new Finding(Verdict.Fail, "identity", e.Message)];
        }
    }

    private static IEnumerable<Finding> Plugin(PluginStatus plugin)
    {
        string what = $"plugin {plugin.Name}";
        switch (plugin.State)
        {
            case PluginState.Running:
                yield return new Finding(Verdict.Ok, what, $"version {plugin.Version} attached");
                foreach (HookReport report in plugin.Run!.Look(session => session.Hooks) ?? [])
                {
                    yield return Hook(what, report);
                }

                foreach (Finding missing in Missing(what, plugin))
                {
                    yield return missing;
                }

                break;
            case PluginState.Found:
                yield return new Finding(Verdict.Ok, what, $"not enabled: no [plugins.{plugin.Name}] in the configuration, or one that says enabled = false");
                break;
            default:
                yield return new Finding(Verdict.Fail, what, $"{StateText.Of(plugin.State)}: {plugin.Reason}");
                break;
        }
    }

    private static IEnumerable<Finding> Missing(string what, PluginStatus plugin)
    {
        try
        {
            return (plugin.Run!.Look(session => session.Missing) ?? [])
                .Select(part => new Finding(Verdict.Degraded, $"{what} {part.Name}", $"absent: {part.WithoutIt}"));
        }
        catch (PluginException e)
        {
            return [new Finding(Verdict.Fail, what, e.Message)];
        }
    }

    private static Finding Hook(string what, HookReport report)
    {
        string name = $"{what} {report.Hook}";
        return report switch
        {
            { IsSwitchedOff: true } => new Finding(Verdict.Ok, name, "off: the configuration does not want it"),
            { Program: null } => new Finding(Verdict.Degraded, name, $"absent: {report.WithoutIt} {report.Refused}".TrimEnd()),
            _ => new Finding(Verdict.Ok, name, $"{report.Kind} ({report.Program}){(string.IsNullOrEmpty(report.Refused) ? "" : $"; not {report.Refused}")}"),
        };
    }
}
