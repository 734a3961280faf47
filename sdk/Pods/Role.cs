namespace Pmoas.Sdk.Pods;

/// <summary>What a container is to its pod. The numbers are those of <c>enum pmoas_role</c> in <c>bpf/include/pmoas/tag.h</c>.</summary>
public enum Role : byte
{
    /// <summary>Does the pod's work.</summary>
    Service = 1,

    /// <summary>Stands between the service and its callers: a proxy.</summary>
    Sidecar = 2,

    /// <summary>Runs to its end before the others start.</summary>
    Init = 3,

    /// <summary>Attached to a running pod by a person, for debugging.</summary>
    Ephemeral = 4,
}
