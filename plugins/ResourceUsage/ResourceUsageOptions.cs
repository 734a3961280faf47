using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Pmoas.ResourceUsage;

/// <summary><c>[plugins.resource_usage]</c>.</summary>
public sealed class ResourceUsageOptions
{
    /// <summary>Age at which limits, pressure, processes and sockets are read again, and all of a container that has not run since.</summary>
    [Description("What changes seldom is read at a scrape when it is older than this: limits, pressure, processes, sockets, and everything of a container that took no CPU time since the scrape before. \"0s\": at every scrape.")]
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan Refresh { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Descriptors kept open; beyond it files are opened for each read, which takes four times as long.</summary>
    [Description("Files kept open, about 13 a container. Beyond it files are opened for each read, which takes four times as long; never more than half of what the process may open.")]
    [Range(0, 1048576)]
    public uint MaxKeptFiles { get; set; } = 65536;

    /// <summary>Processes whose open files are counted in one scrape, over all containers.</summary>
    [Description("Processes whose open files are counted in one scrape, over all containers; those left out have their turn at the next.")]
    [Range(0, 1048576)]
    public uint MaxInspectedProcesses { get; set; } = 2000;
}
