using System.Text.Json.Nodes;

namespace Pmoas.FakeKubernetes;

/// <summary>Which pods a request is about: a namespace, and the field selector of the node or the name.</summary>
/// <param name="Namespace">Null: all.</param>
/// <param name="Fields">Fields and what they must be.</param>
internal sealed record FakeSelector(string? Namespace, IReadOnlyList<(string Path, string Value)> Fields)
{
    /// <summary>Reads <c>fieldSelector</c>; null when it is of fields that cannot be selected by.</summary>
    public static FakeSelector? Parse(string? space, string? selector)
    {
        List<(string, string)> fields = [];
        foreach (string field in (selector ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = field.Replace("==", "=", StringComparison.Ordinal).Split('=');
            if (parts is not [("spec.nodeName" or "metadata.name" or "metadata.namespace" or "status.phase"), _])
            {
                return null;
            }
            fields.Add((parts[0], parts[1]));
        }
        return new FakeSelector(space, fields);
    }

    /// <summary>True when the request is about this pod.</summary>
    public bool Takes(JsonObject pod) =>
        (Namespace is null || (string?)pod["metadata"]!["namespace"] == Namespace)
        && Fields.All(field => ((string?)field.Path.Split('.').Aggregate((JsonNode?)pod, (at, name) => at?[name]) ?? "") == field.Value);
}
