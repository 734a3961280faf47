using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using Pmoas.Host.Config;

namespace Pmoas.Host.Traces;

/// <summary>The one connection to the collector, and what it answered last. Requests are made by one thread at a time.</summary>
internal sealed class Collector : IDisposable
{
    private const string HttpPath = "v1/traces";

    private readonly TracesOptions _options;
    private readonly Answers _answers;
    private readonly HttpClient _http;

    internal Collector(TracesOptions options)
    {
        _options = options;

        // Its requests are not traced themselves.
        _answers = new Answers(new SocketsHttpHandler { ConnectTimeout = options.Timeout, ActivityHeadersPropagator = null });
        _http = new HttpClient(_answers) { Timeout = options.Timeout };
        foreach ((string name, string value) in options.Headers)
        {
            _http.DefaultRequestHeaders.TryAddWithoutValidation(name, value);
        }
    }

    /// <summary>Where it is.</summary>
    internal string Endpoint => _options.Endpoint;

    /// <summary>A new exporter that sends there.</summary>
    internal OtlpTraceExporter Exporter() => new(new OtlpExporterOptions
    {
        Endpoint = Url(),
        Protocol = _options.Protocol == TraceProtocol.Grpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf,
        TimeoutMilliseconds = (int)_options.Timeout.TotalMilliseconds,
        Headers = "", // ours are with every request already; those of the environment are not meant for a daemon
        HttpClientFactory = () => _http,
    });

    /// <summary>Sends these spans.</summary>
    /// <returns>Null when the collector took them.</returns>
    internal (TraceDrop Reason, string Text)? Send(OtlpTraceExporter exporter, Activity[] spans)
    {
        _answers.Last = (TraceDrop.Unreachable, "nothing was sent");
        using Batch<Activity> batch = new(spans, spans.Length);
        return exporter.Export(in batch) == ExportResult.Success ? null : _answers.Last;
    }

    /// <summary>Ends a request that is under way. From any thread.</summary>
    internal void GiveUp() => _http.CancelPendingRequests();

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <summary>For HTTP the path may be left out; the SDK adds it for gRPC.</summary>
    private Uri Url()
    {
        Uri url = new(_options.Endpoint);
        return _options.Protocol == TraceProtocol.HttpProtobuf && url.AbsolutePath == "/" ? new Uri(url, HttpPath) : url;
    }

    /// <summary>Remembers why a request failed, which the SDK tells nobody but its own log.</summary>
    private sealed class Answers(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        internal (TraceDrop Reason, string Text) Last { get; set; }

        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            try
            {
                return Note(base.Send(request, cancellationToken));
            }
            catch (Exception e) when (Note(e))
            {
                throw;
            }
        }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            try
            {
                return Note(await base.SendAsync(request, cancellationToken).ConfigureAwait(false));
            }
            catch (Exception e) when (Note(e))
            {
                throw;
            }
        }

        private HttpResponseMessage Note(HttpResponseMessage response)
        {
            string grpc = response.Headers.TryGetValues("grpc-status", out IEnumerable<string>? status) ? $", grpc-status {string.Join(',', status)}" : "";
            Last = (TraceDrop.Refused, string.Create(CultureInfo.InvariantCulture, $"it answered HTTP {(int)response.StatusCode}{grpc}"));
            return response;
        }

        private bool Note(Exception e)
        {
            Last = e is OperationCanceledException || e.InnerException is TimeoutException || e.InnerException is SocketException { SocketErrorCode: SocketError.TimedOut }
                ? (TraceDrop.Timeout, "it did not answer in time")
                : (TraceDrop.Unreachable, e.Message);
            return false;
        }
    }
}
