using Pmoas.Sdk;
using Pmoas.Sdk.Bpf;
using Pmoas.Sdk.Metrics;

namespace BadProbe;

/// <summary>
/// A probe for tests, good by default, that misbehaves where <c>PMOAS_BAD_PROBE</c> says: <c>constructor manifest name resource field
/// kernel configure verifier start collect event</c>; <c>hang_collect hang_event</c> never return.
/// </summary>
public sealed class BadProbe : IProbe
{
    private static readonly string Where = Environment.GetEnvironmentVariable("PMOAS_BAD_PROBE") ?? "";

    /// <summary>Throws when told.</summary>
    public BadProbe() => ThrowAt("constructor");

    /// <inheritdoc/>
    public ProbeManifest Manifest
    {
        get
        {
            ThrowAt("manifest");
            return new ProbeManifest
            {
                Name = Where == "name" ? "good_probe" : "bad_probe",
                Summary = "Misbehaves where it is told to.",
                BpfResource = Where switch { "resource" => "absent.bpf.o", "verifier" => "rejected.bpf.o", _ => "bad_probe.bpf.o" },
                MinimumKernel = Where == "kernel" ? new Version(99, 0) : new Version(6, 1),
                Options = typeof(BadProbeOptions),
                Hooks = [new Hook("state", "state")],
                Metrics = [BadProbeMetrics.Transitions with { Field = Where == "field" ? "absent" : "transitions" }, BadProbeMetrics.Events, BadProbeMetrics.Level],
            };
        }
    }

    private int _level;

    /// <inheritdoc/>
    public void Configure(BpfObject bpf, ProbeSettings settings)
    {
        ThrowAt("configure");
        _level = settings.Get<BadProbeOptions>().Level;
        if (Where != "verifier")
        {
            bpf.SetGlobal("emit", true);
        }
    }

    /// <inheritdoc/>
    public void Start(ProbeContext context)
    {
        ThrowAt("start");
        context.ExportNode("totals");
        Gauge level = context.Gauge(BadProbeMetrics.Level);
        context.OnCollect(() =>
        {
            ThrowAt("collect");
            HangAt("hang_collect");
            level.Set(_level);
        });
        Counter events = context.Counter(BadProbeMetrics.Events);
        context.OnEvent("events", (in BadEvent e) =>
        {
            ThrowAt("event");
            HangAt("hang_event");
            events.Add(e.NewState == 1 ? 1 : 0);
        });
        context.OnLive("events", "bad", (in BadEvent e, Pmoas.Sdk.Live.LiveEventWriter writer) =>
        {
            writer.Begin(e.Time, "state");
            writer.Number("old", e.OldState);
            writer.Number("new", e.NewState);
        });
    }

    private static void HangAt(string where)
    {
        if (Where == where)
        {
            using ManualResetEvent never = new(initialState: false);
            never.WaitOne();
        }
    }

    private static void ThrowAt(string where)
    {
        if (Where == where)
        {
            throw new InvalidOperationException($"told to throw in {where}");
        }
    }
}
