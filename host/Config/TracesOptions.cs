using System.ComponentModel.DataAnnotations;

namespace Pmoas.Host.Config;

/// <summary>How a collector is spoken to.</summary>
internal enum TraceProtocol
{
    /// <summary>OTLP over gRPC, usually port 4317.</summary>
    Grpc,

    /// <summary>OTLP as protobuf over HTTP, usually port 4318.</summary>
    HttpProtobuf,
}

/// <summary><c>[traces]</c>: where sampled events go as traces, over OTLP.</summary>
internal sealed class TracesOptions : IValidatableObject
{
    /// <summary>The collector's URL; empty: nothing becomes a trace.</summary>
    public string Endpoint { get; set; } = "";

    /// <summary>How it is spoken to.</summary>
    public TraceProtocol Protocol { get; set; } = TraceProtocol.Grpc;

    /// <summary>Sent with every request, such as a token.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; set; } = new Dictionary<string, string>();

    /// <summary>How long the collector may take for a request.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Events of one plugin that wait to become traces; what comes beyond is dropped and counted.</summary>
    [Range(16, 65536)]
    public int MaxQueue { get; set; } = 4096;

    /// <summary>Whether there is a collector.</summary>
    internal bool IsOn => Endpoint.Length > 0;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        bool isUrl = Uri.TryCreate(Endpoint, UriKind.Absolute, out Uri? url) && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps);
        if (IsOn && !isUrl)
        {
            yield return new ValidationResult(
                $"\"{Endpoint}\" is no URL of a collector; allowed is one such as \"http://collector:4317\" or \"https://collector:4318\"", [nameof(Endpoint)]);
        }

        foreach (string name in Headers.Keys.Where(name => name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal))))
        {
            yield return new ValidationResult($"\"{name}\" is no name of an HTTP header; allowed are letters, digits and -", [nameof(Headers)]);
        }

        foreach (string name in Headers.Where(header => header.Value.Any(char.IsControl)).Select(header => header.Key))
        {
            yield return new ValidationResult($"the value of \"{name}\" has a line break or another control character, which no HTTP header may have", [nameof(Headers)]);
        }
    }
}
