using System.Globalization;
using OpenTelemetry.Proto.Collector.Trace.V1;
using OpenTelemetry.Proto.Common.V1;
using OpenTelemetry.Proto.Trace.V1;

namespace Pmoas.FakeCollector;

/// <summary>A trace as a collector has it.</summary>
/// <param name="Resource">Attributes of the resource of its root.</param>
/// <param name="Scope">Name of the scope of its root.</param>
/// <param name="Spans">All spans with its id.</param>
internal sealed record ReceivedTrace(IReadOnlyDictionary<string, string> Resource, string Scope, IReadOnlyList<Span> Spans)
{
    /// <summary>The span without a parent.</summary>
    public Span Root => Spans.Single(span => span.ParentSpanId.IsEmpty);

    /// <summary>Puts together what belongs together.</summary>
    internal static IReadOnlyList<ReceivedTrace> Of(IEnumerable<ExportTraceServiceRequest> requests) =>
    [
        .. from request in requests
           from resource in request.ResourceSpans
           from scope in resource.ScopeSpans
           from span in scope.Spans
           group (resource, scope, span) by span.TraceId into trace
           let first = trace.First()
           select new ReceivedTrace(Texts(first.resource.Resource.Attributes), first.scope.Scope.Name, [.. trace.Select(one => one.span)]),
    ];

    /// <summary>Attributes as text, by name; each name may be there once.</summary>
    internal static Dictionary<string, string> Texts(IEnumerable<KeyValue> attributes) => attributes.ToDictionary(a => a.Key, a => a.Value.ValueCase switch
    {
        AnyValue.ValueOneofCase.IntValue => a.Value.IntValue.ToString(CultureInfo.InvariantCulture),
        AnyValue.ValueOneofCase.StringValue => a.Value.StringValue,
        _ => a.Value.ToString(),
    });

    /// <summary>The spans right under this one, by their beginning.</summary>
    internal IReadOnlyList<Span> Under(Span parent) => [.. Spans.Where(span => span.ParentSpanId == parent.SpanId).OrderBy(span => span.StartTimeUnixNano)];

    /// <summary>The span of this name right under the root; null when there is none.</summary>
    internal Span? Phase(string name) => Under(Root).SingleOrDefault(span => span.Name == name);

    /// <summary>What is wrong with it by the protocol's definition and by what a tree of spans is; empty when nothing is.</summary>
    internal IReadOnlyList<string> Mistakes()
    {
        List<string> mistakes = [];
        var byId = Spans.GroupBy(span => span.SpanId).ToDictionary(same => same.Key, same => same.First());
        if (byId.Count != Spans.Count)
        {
            mistakes.Add("two spans have one id");
        }

        if (Spans.Count(span => span.ParentSpanId.IsEmpty) is not 1 and var roots)
        {
            mistakes.Add($"{roots} roots");
        }

        foreach (Span span in Spans)
        {
            void Must(bool holds, string what)
            {
                if (!holds)
                {
                    mistakes.Add($"{span.Name}: {what}");
                }
            }

            Must(span.TraceId.Length == 16 && span.TraceId.Any(b => b != 0), "trace id");
            Must(span.SpanId.Length == 8 && span.SpanId.Any(b => b != 0), "span id");
            Must(span.Name.Length > 0, "name");
            Must(span.Kind == Span.Types.SpanKind.Internal, $"kind {span.Kind}");
            Must(span.StartTimeUnixNano > 0 && span.StartTimeUnixNano <= span.EndTimeUnixNano, "start and end");
            Must(span.DroppedAttributesCount + span.DroppedEventsCount + span.DroppedLinksCount == 0, "something was dropped");
            Must(span.Attributes.Select(a => a.Key).Distinct().Count() == span.Attributes.Count, "an attribute twice");
            if (!span.ParentSpanId.IsEmpty)
            {
                Span? parent = byId.GetValueOrDefault(span.ParentSpanId);
                Must(parent is not null, "its parent is not there");
                Must(parent is null || (parent.StartTimeUnixNano <= span.StartTimeUnixNano && span.EndTimeUnixNano <= parent.EndTimeUnixNano), "not within its parent");
            }
        }

        return mistakes;
    }
}
