namespace Pmoas.Host.Demo;

/// <summary>Which addresses a leg of the pod uses.</summary>
internal enum AddressKind
{
    IPv4,
    IPv6,

    /// <summary>The listener is one IPv6 socket for both, and it is reached over IPv4: the accepted address is <c>::ffff:a.b.c.d</c>.</summary>
    V4Mapped,
}

/// <summary>What the sidecar does with its connection to the service when a response is complete.</summary>
internal enum InsideConnections
{
    /// <summary>A new connection for each request.</summary>
    CloseEach,

    /// <summary>Kept open and used again.</summary>
    KeepAlive,
}

/// <summary>What a container of the bed runs.</summary>
/// <param name="Image">Name given to it as its image.</param>
/// <param name="Command">Program and arguments; it stays in the foreground.</param>
internal sealed record ContainerCommand(string Image, IReadOnlyList<string> Command);

/// <summary>Says what a container runs, once addresses and directory are known; may write its config file to <see cref="BedPlan.Directory"/>.</summary>
internal delegate ContainerCommand ContainerProgram(BedPlan plan);

/// <summary>What pod to build.</summary>
internal sealed record PodBedOptions
{
    /// <summary>Beginning of every name the bed leaves on the machine; process id and a number follow. Letters, digits, <c>-</c>.</summary>
    internal string Prefix { get; init; } = "pmoas-demo";

    /// <summary>The sidecar: <see cref="Haproxy.Sidecar"/>, <see cref="Nginx.Sidecar"/> or one's own, listening on <see cref="BedPlan.SidecarPort"/>.</summary>
    internal ContainerProgram Sidecar { get; init; } = Haproxy.Sidecar;

    /// <summary>The service, listening on <see cref="BedPlan.ServicePort"/> of all addresses.</summary>
    internal ContainerProgram Service { get; init; } = Nginx.Service;

    /// <summary>Connections from the sidecar to the service.</summary>
    internal InsideConnections InsideConnections { get; init; } = InsideConnections.CloseEach;

    /// <summary>Addresses between client and pod.</summary>
    internal AddressKind Outside { get; init; } = AddressKind.IPv4;

    /// <summary>Addresses between sidecar and service.</summary>
    internal AddressKind Inside { get; init; } = AddressKind.IPv4;

    /// <summary>Threads (haproxy) or worker processes (nginx) of the sidecar.</summary>
    internal int SidecarWorkers { get; init; } = 1;

    /// <summary>Size of every response's body, bytes.</summary>
    internal int BodyBytes { get; init; } = 1024;
}
