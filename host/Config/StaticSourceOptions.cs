using System.ComponentModel.DataAnnotations;

namespace Pmoas.Host.Config;

/// <summary><c>[sources.static]</c>: pods declared by hand.</summary>
internal sealed class StaticSourceOptions : IValidatableObject
{
    /// <summary><c>[[sources.static.pods]]</c>.</summary>
    public IReadOnlyList<StaticPod> Pods { get; set; } = [];

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (IGrouping<string, StaticPod> same in Pods.GroupBy(p => $"{p.Namespace}/{p.Name}").Where(g => g.Count() > 1))
        {
            yield return new ValidationResult($"{same.Count()} pods are called {same.Key}; give each a name of its own", [nameof(Pods)]);
        }
        foreach (IGrouping<string, StaticContainer> same in Pods.SelectMany(p => p.Containers).GroupBy(c => c.Cgroup.TrimEnd('/')).Where(g => g.Count() > 1))
        {
            yield return new ValidationResult(
                $"cgroup \"{same.Key}\" is declared for {same.Count()} containers ({string.Join(", ", same.Select(c => c.Name))}); a process can belong to one only",
                [nameof(Pods)]);
        }
    }
}

/// <summary>One pod declared by hand.</summary>
internal sealed class StaticPod : IValidatableObject
{
    /// <summary>Namespace it is shown under.</summary>
    [Required]
    public string Namespace { get; set; } = "default";

    /// <summary>Name it is shown under.</summary>
    [Required]
    public string Name { get; set; } = "";

    /// <summary>Labels, for sidecar rules.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; set; } = new Dictionary<string, string>();

    /// <summary>Its containers.</summary>
    [MinLength(1, ErrorMessage = "has no container; at least one is needed")]
    public IReadOnlyList<StaticContainer> Containers { get; set; } = [];

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (string name in Containers.GroupBy(c => c.Name).Where(g => g.Count() > 1).Select(g => g.Key))
        {
            yield return new ValidationResult($"two containers are called \"{name}\"; give each a name of its own", [nameof(Containers)]);
        }
    }
}

/// <summary>One container of a pod declared by hand.</summary>
internal sealed class StaticContainer
{
    /// <summary>Name in its pod.</summary>
    [Required]
    public string Name { get; set; } = "";

    /// <summary>Path of its cgroup below the root of the hierarchy; it need not exist yet.</summary>
    [Required]
    [RegularExpression(@"(/(?!\.{1,2}(/|$))[^/]+)+/?", ErrorMessage = "is no cgroup path; allowed is a path below the hierarchy's root such as \"/lab/proxy\"")]
    public string Cgroup { get; set; } = "";

    /// <summary>Image reference, for sidecar rules.</summary>
    public string Image { get; set; } = "";

    /// <summary>Labels of the container itself, for sidecar rules.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; set; } = new Dictionary<string, string>();
}
