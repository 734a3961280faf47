using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Pmoas.ResourceUsage;

/// <summary><c>[plugins.resource_usage]</c>.</summary>
public sealed class ResourceUsageOptions
{
    /// <summary>Age at which everything but CPU time is read again.</summary>
    [Description("CPU time and throttling are read at every scrape; memory, block I/O, pressure, limits and processes when they are older than this, which matters only to who scrapes more often. \"0s\": everything at every scrape.")]
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan Refresh { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Descriptors kept open; beyond it files are opened for each read, which takes four times as long.</summary>
    [Description("Files kept open, about 13 a container. Beyond it files are opened for each read, which takes four times as long; never more than half of what the process may open.")]
    [Range(0, 1048576)]
    public uint MaxKeptFiles { get; set; } = 65536;

    /// <summary>Processes whose open files are counted in one scrape, over all containers.</summary>
    [Description("Processes whose open files are counted in one scrape, over all containers; those left out have their turn at the next.")]
    [Range(0, 1048576)]
    public uint MaxInspectedProcesses { get; set; } = 2000;

    /// <summary>Whether run-queue delay and context switches are measured.</summary>
    [Description("Measure run-queue delay and context switches: one look at each thread that leaves a CPU.")]
    public bool Scheduling { get; set; } = true;

    /// <summary>Whether the times of block requests are measured.</summary>
    [Description("Measure how long block I/O takes: one look at each request.")]
    public bool BlockLatency { get; set; } = true;

    /// <summary>Whether network use and open sockets are measured.</summary>
    [Description("Measure what each container's sockets carry, and count them: one walk over all open files at each scrape.")]
    public bool Network { get; set; } = true;

    /// <summary>Whether UDP is part of network use.</summary>
    [Description("Count UDP in network use: one look at each datagram, where the kernel takes fexit.")]
    public bool Datagrams { get; set; } = true;

    /// <summary>Whether UDP is counted at what all sockets pass, where its own functions cannot be hooked.</summary>
    [Description("Count UDP where the kernel refuses fexit too: one look at each message of every socket, which takes a busy proxy 8 % of its requests per second.")]
    public bool DatagramsByMessage { get; set; }

    /// <summary>Containers whose numbers are kept at once; one that ended counts until its last numbers were read.</summary>
    [Description("Containers whose numbers are kept at once.")]
    [Range(16, 65536)]
    public uint MaxContainers { get; set; } = 4096;

    /// <summary>Threads of watched containers whose switches are counted at once.</summary>
    [Description("Threads of watched containers whose context switches are counted at once.")]
    [Range(1024, 4194304)]
    public uint MaxThreads { get; set; } = 65536;
}
