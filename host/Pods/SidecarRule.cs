using System.ComponentModel.DataAnnotations;

namespace Pmoas.Host.Pods;

/// <summary>
/// One <c>[[sidecars]]</c> of <c>pmoas.toml</c>: a container is a sidecar when every key that is set matches.
/// Globs know <c>*</c> (any text) and <c>?</c> (one character); upper and lower case differ.
/// </summary>
internal sealed record SidecarRule : IValidatableObject
{
    /// <summary>Glob of the pod's namespace.</summary>
    public string? Namespace { get; init; }

    /// <summary>Glob of the container's name.</summary>
    public string? Name { get; init; }

    /// <summary>Glob of the image reference as the user wrote it.</summary>
    public string? Image { get; init; }

    /// <summary><c>key</c> or <c>key=glob</c>: a label or annotation of the pod or of the container.</summary>
    public string? Label { get; init; }

    /// <summary>Glob of the executable's path of the container's main process.</summary>
    public string? Command { get; init; }

    /// <summary>
    /// Key of a label or annotation, of the pod or of any of its containers, that lists the names of the pod's sidecars, separated by
    /// commas; on a container <c>true</c> means that container itself.
    /// </summary>
    public string? ListedIn { get; init; }

    /// <summary>How the pod runs the container.</summary>
    public ContainerKind? Kind { get; init; }

    /// <summary>
    /// True for a proxy that is a gateway, and no sidecar, when its pod declares no other main container. Where no source knows all that the
    /// pod declares, the rule matches.
    /// </summary>
    public bool NeedsCompany { get; init; }

    /// <summary>What the rule is called in reasons, such as <c>rule 2 of pmoas.toml</c>.</summary>
    public string Origin { get; internal init; } = "a rule";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Namespace is null && Name is null && Image is null && Label is null && Command is null && ListedIn is null && Kind is null)
        {
            yield return new ValidationResult("matches nothing; at least one of namespace, name, image, label, command, listed_in, kind is needed");
        }
        (string Key, string? Value)[] texts =
            [(nameof(Namespace), Namespace), (nameof(Name), Name), (nameof(Image), Image), (nameof(Label), Label), (nameof(Command), Command), (nameof(ListedIn), ListedIn)];
        foreach ((string key, _) in texts.Where(t => t.Value is ""))
        {
            yield return new ValidationResult("\"\" matches nothing; write what it should match, or leave the key out", [key]);
        }
        if (Label is ['=', ..])
        {
            yield return new ValidationResult($"\"{Label}\" has no key; allowed is \"key\" or \"key=glob\"", [nameof(Label)]);
        }
        if (ListedIn?.Contains('=') == true)
        {
            yield return new ValidationResult($"\"{ListedIn}\" is no key; the names stand in the pod's label or annotation, so write its key alone", [nameof(ListedIn)]);
        }
    }
}
