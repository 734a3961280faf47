using Pmoas.Sdk;

namespace Pmoas.ResourceUsage.Cgroups;

/// <summary>What a machine's cgroups do not tell, in words.</summary>
internal static class MissingParts
{
    /// <summary>One part for each controller that is nowhere; empty when all are there.</summary>
    internal static IReadOnlyList<MissingPart> Of(CgroupPlaces places)
    {
        List<MissingPart> missing = [];
        Add(places.CpuTime, "cgroup controller cpuacct", "pmoas_resource_usage_cpu_seconds_total and the sidecar's CPU ratio are left out");
        Add(places.Cpu, "cgroup controller cpu", "pmoas_resource_usage_cpu_limit_cores, _request_cores, _throttled_* and _periods_total are left out");
        Add(places.Memory, "cgroup controller memory", "pmoas_resource_usage_memory_* and page_faults_total are left out");
        Add(places.BlockIo, "cgroup controller blkio (io)", "pmoas_resource_usage_block_io_* are left out");
        Add(places.Pids, "cgroup controller pids", "pmoas_resource_usage_threads covers inspected processes only");
        if (places.BlockIo is { IsV2: false } v1 && CountsNoDevice(v1))
        {
            missing.Add(new MissingPart("block I/O accounting",
                "pmoas_resource_usage_block_io_* stay empty: on cgroup v1 this kernel counts a device only once a throttling rule was set on it; "
                + $"set one that never bites, with the device's numbers: echo '8:0 1000000000000' > {v1.Root}/blkio.throttle.read_bps_device."));
        }

        if (places.Pressure is null)
        {
            missing.Add(new MissingPart("pressure",
                "pmoas_resource_usage_pressure_seconds_total is left out; boot with psi=1 and mount cgroup2."));
        }

        return missing;

        void Add(CgroupPlace? place, string name, string lost)
        {
            if (place is null)
            {
                missing.Add(new MissingPart(name, $"{lost}; mount the controller, or enable it with cgroup_enable= on the kernel's command line."));
            }
        }
    }

    /// <summary>True when the whole hierarchy has not counted one device: since 6.9 the kernel begins with a device's first rule.</summary>
    private static bool CountsNoDevice(CgroupPlace blockIo)
    {
        string all = blockIo.File("", "blkio.throttle.io_service_bytes_recursive");
        return File.Exists(all) && !File.ReadAllText(all).Contains(':', StringComparison.Ordinal);
    }
}
