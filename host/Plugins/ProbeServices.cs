using Pmoas.Host.Exposition;
using Pmoas.Host.Identity;
using Pmoas.Host.Live;
using Pmoas.Host.Traces;
using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Plugins;

/// <summary>What the host gives every probe; one of each for all.</summary>
/// <param name="Identity">The tag maps in the kernel.</param>
/// <param name="Containers">The containers of this node.</param>
/// <param name="Instruments">Where metrics are registered.</param>
/// <param name="Scrapes">What happens before every exposition.</param>
/// <param name="Rings">The thread that drains ring buffers.</param>
/// <param name="Live">Where a person watches events; null in the daemon.</param>
/// <param name="Traces">Hands traces to the collector; null when there is none.</param>
/// <param name="Loggers">Makes each probe's logger.</param>
/// <param name="Time">Clock of the back-off.</param>
internal sealed record ProbeServices(
    IKernelIdentity Identity,
    IContainerIndex Containers,
    Instruments Instruments,
    ScrapeCycle Scrapes,
    RingThread Rings,
    LiveOutput? Live,
    TraceExport? Traces,
    ILoggerFactory Loggers,
    TimeProvider Time);
