using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Pods;

/// <summary>What happened to a container.</summary>
internal enum ContainerEvent
{
    /// <summary>Its cgroup is there.</summary>
    Appeared,

    /// <summary>Its role or its description is another.</summary>
    Changed,

    /// <summary>Its cgroup, or its declaration, is gone.</summary>
    Gone,
}

/// <summary>News of one container.</summary>
/// <param name="Event">What happened.</param>
/// <param name="Container">How it is now; when gone, how it was.</param>
internal readonly record struct ContainerChange(ContainerEvent Event, Container Container);
