namespace Pmoas.Host.Demo;

/// <summary>haproxy as the sidecar: a master and one forked worker with <see cref="PodBedOptions.SidecarWorkers"/> threads.</summary>
internal static class Haproxy
{
    internal static ContainerCommand Sidecar(BedPlan plan)
    {
        string bind = plan.Options.Outside switch
        {
            AddressKind.IPv4 => $"*:{BedPlan.SidecarPort}",
            AddressKind.IPv6 => $":::{BedPlan.SidecarPort} v6only",
            _ => $":::{BedPlan.SidecarPort} v4v6",
        };
        string reuse = plan.Options.InsideConnections == InsideConnections.KeepAlive
            ? "http-reuse always"
            : "option http-server-close\n    http-reuse never";

        // No `check` at the server line: a health check is a connection nobody asked for, and the bed's counts are exact.
        string config = plan.Write("haproxy.cfg", $"""
            global
                maxconn 2000
                nbthread {plan.Options.SidecarWorkers}
            defaults
                mode http
                timeout connect 5s
                timeout client 60s
                timeout server 60s
                {reuse}
            listen outside
                bind {bind}
                server service {plan.InsideTarget} pool-purge-delay 60s

            """);
        return new ContainerCommand("haproxy", [Executable.Find("haproxy"), "-W", "-db", "-f", config]);
    }
}
