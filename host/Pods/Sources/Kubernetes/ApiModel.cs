using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pmoas.Host.Pods.Sources.Kubernetes;

/// <summary>A page of pods as the API server sends it.</summary>
internal sealed record ApiPodList(ApiListMeta? Metadata, IReadOnlyList<ApiPod?>? Items);

/// <summary>Where a list stands.</summary>
/// <param name="ResourceVersion">A watch from here misses nothing.</param>
/// <param name="Continue">Token of the next page; empty on the last one.</param>
internal sealed record ApiListMeta(string? ResourceVersion, string? Continue);

/// <summary>One line of a watch.</summary>
/// <param name="Type">ADDED, MODIFIED, DELETED, BOOKMARK or ERROR.</param>
/// <param name="Object">A pod, or the status of an error.</param>
internal sealed record ApiEvent(string? Type, JsonElement Object);

/// <summary>What the API server answers in place of what was asked for.</summary>
internal sealed record ApiStatus(int Code, string? Reason, string? Message);

/// <summary>Of a pod only what PMOAS reads: the whole type would cost the daemon 21 MB, and break when a field it never reads changes.</summary>
internal sealed record ApiPod(ApiMeta? Metadata, ApiPodSpec? Spec, ApiPodStatus? Status);

/// <summary>Name and kin of an object.</summary>
internal sealed record ApiMeta(
    string? Name,
    string? Namespace,
    string? Uid,
    string? ResourceVersion,
    Dictionary<string, string>? Labels,
    Dictionary<string, string>? Annotations,
    IReadOnlyList<ApiOwner>? OwnerReferences);

/// <summary>What an object was made by.</summary>
internal sealed record ApiOwner(string? Kind, string? Name, bool? Controller);

/// <summary>What a pod shall be.</summary>
internal sealed record ApiPodSpec(
    IReadOnlyList<ApiContainer>? Containers, IReadOnlyList<ApiContainer>? InitContainers, IReadOnlyList<ApiContainer>? EphemeralContainers);

/// <summary>A container a pod declares.</summary>
internal sealed record ApiContainer(string? Name, string? Image, string? RestartPolicy, ApiResources? Resources);

/// <summary>What a container asks for, by resource.</summary>
internal sealed record ApiResources(Dictionary<string, string>? Requests);

/// <summary>What a pod is now.</summary>
internal sealed record ApiPodStatus(
    [property: JsonPropertyName("podIP")] string? PodIp,
    [property: JsonPropertyName("hostIP")] string? HostIp,
    IReadOnlyList<ApiContainerStatus>? ContainerStatuses,
    IReadOnlyList<ApiContainerStatus>? InitContainerStatuses,
    IReadOnlyList<ApiContainerStatus>? EphemeralContainerStatuses);

/// <summary>What a container is now.</summary>
/// <param name="Name">Name of the container.</param>
/// <param name="ContainerId">The runtime's name and id, such as <c>containerd://3f…</c>.</param>
/// <param name="State">How it is.</param>
/// <param name="LastState">How it was before it was last started again.</param>
internal sealed record ApiContainerStatus(
    string? Name, [property: JsonPropertyName("containerID")] string? ContainerId, ApiContainerState? State, ApiContainerState? LastState);

/// <summary>The state of a container, as far as it ended.</summary>
internal sealed record ApiContainerState(ApiTerminated? Terminated);

/// <summary>A container that ended.</summary>
internal sealed record ApiTerminated([property: JsonPropertyName("containerID")] string? ContainerId);

/// <summary>Reads the records above without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ApiPodList))]
[JsonSerializable(typeof(ApiEvent))]
[JsonSerializable(typeof(ApiStatus))]
internal sealed partial class ApiJson : JsonSerializerContext;
