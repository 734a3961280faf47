namespace Pmoas.Host.Overview;

/// <summary>Every pod, over the time between two scrapes. What is not known is null.</summary>
/// <param name="Seconds">That time.</param>
/// <param name="Plugins">Plugins that run.</param>
/// <param name="Pods">The pods, those with the costliest sidecar first.</param>
internal sealed record NodeOverview(double Seconds, IReadOnlyList<string> Plugins, IReadOnlyList<PodOverview> Pods);

/// <summary>What a pod's sidecars cost, and what is known of its containers and legs.</summary>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Pod">Its name.</param>
/// <param name="Sidecars">Names of its sidecars.</param>
/// <param name="CpuShare">CPU time of the sidecars through that of all containers; null when the pod did not run.</param>
/// <param name="CpuCores">CPU time of the sidecars a second.</param>
/// <param name="MemoryShare">Working set of the sidecars through that of all containers.</param>
/// <param name="MemoryBytes">Working set of the sidecars.</param>
/// <param name="RequestsPerSecond">Requests that the sidecars handed to the service.</param>
/// <param name="CpuSecondsPerRequest">CPU time of the sidecars for each.</param>
/// <param name="Forward">From a sidecar's accept to its connect to the service.</param>
/// <param name="Handoff">From a sidecar's connect to the service's accept.</param>
/// <param name="RetransmitsPerSecond">TCP segments that any container sent again.</param>
/// <param name="Containers">Sidecars first.</param>
/// <param name="Legs">The outside ones first.</param>
internal sealed record PodOverview(
    string Namespace,
    string Pod,
    IReadOnlyList<string> Sidecars,
    double? CpuShare,
    double? CpuCores,
    double? MemoryShare,
    double? MemoryBytes,
    double? RequestsPerSecond,
    double? CpuSecondsPerRequest,
    TimeOverview? Forward,
    TimeOverview? Handoff,
    double? RetransmitsPerSecond,
    IReadOnlyList<ContainerOverview> Containers,
    IReadOnlyList<LegOverview> Legs);

/// <summary>What a container does.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Role">What it is to its pod.</param>
/// <param name="CpuCores">CPU time a second.</param>
/// <param name="ThrottledCores">Time a second its tasks were kept from running by its CPU limit, summed over CPUs.</param>
/// <param name="MemoryBytes">Working set.</param>
/// <param name="AcceptedPerSecond">Connections accepted.</param>
/// <param name="ConnectedPerSecond">Connections opened.</param>
/// <param name="OpenConnections">Connections that are open.</param>
/// <param name="SentBytesPerSecond">Payload sent by TCP.</param>
/// <param name="ReceivedBytesPerSecond">Payload received by TCP.</param>
/// <param name="RedirectedBytesPerSecond">Payload sent past the network stack.</param>
/// <param name="RetransmitsPerSecond">TCP segments sent again.</param>
/// <param name="Queue">Wait in the accept queue.</param>
/// <param name="RunQueue">Wait for a CPU.</param>
/// <param name="ReceiveWait">From something to read until it was read.</param>
/// <param name="OomKills">Processes killed for want of memory, since the daemon began.</param>
internal sealed record ContainerOverview(
    string Name,
    string Role,
    double? CpuCores,
    double? ThrottledCores,
    double? MemoryBytes,
    double? AcceptedPerSecond,
    double? ConnectedPerSecond,
    double? OpenConnections,
    double? SentBytesPerSecond,
    double? ReceivedBytesPerSecond,
    double? RedirectedBytesPerSecond,
    double? RetransmitsPerSecond,
    TimeOverview? Queue,
    TimeOverview? RunQueue,
    TimeOverview? ReceiveWait,
    double? OomKills);

/// <summary>One direction of a leg.</summary>
/// <param name="Leg">outside: caller and sidecar; inside: sidecar and service.</param>
/// <param name="Direction">request or response.</param>
/// <param name="Journey">From the first stage to the last.</param>
/// <param name="RetransmitsPerSecond">Packets sent again.</param>
/// <param name="DroppedPerSecond">Packets thrown away in this leg, of both directions.</param>
/// <param name="Stages">In the order they are passed.</param>
internal sealed record LegOverview(
    string Leg, string Direction, TimeOverview? Journey, double? RetransmitsPerSecond, double? DroppedPerSecond, IReadOnlyList<StageOverview> Stages);

/// <summary>The time from one stage to the next.</summary>
/// <param name="From">Where it begins, as the kernel names it.</param>
/// <param name="To">Where it ends.</param>
/// <param name="Time">The time.</param>
internal sealed record StageOverview(string From, string To, TimeOverview Time);

/// <summary>Times that were observed. The quantiles are interpolated within their bucket, as Prometheus does.</summary>
/// <param name="Count">How many.</param>
/// <param name="PerSecond">How many a second.</param>
/// <param name="MeanSeconds">Mean.</param>
/// <param name="P50Seconds">Half of them took no longer.</param>
/// <param name="P99Seconds">99 % of them took no longer.</param>
internal sealed record TimeOverview(double Count, double PerSecond, double MeanSeconds, double P50Seconds, double P99Seconds);
