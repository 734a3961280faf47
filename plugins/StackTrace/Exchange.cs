namespace Pmoas.StackTrace;

/// <summary>
/// One request's way through a sidecar and back: its journeys in both legs, put together. The first is that of the request to the sidecar, and its response
/// to the one who asked is the last; between them, where it is known which it was, are the request that the sidecar made for it and its response.
/// </summary>
internal sealed class Exchange
{
    private readonly JourneyEvent[] _journeys;

    /// <param name="journeys">The journeys, in any order; one at least.</param>
    internal Exchange(ReadOnlySpan<JourneyEvent> journeys)
    {
        _journeys = journeys.ToArray();
        Array.Sort(_journeys, static (a, b) => a.Began.CompareTo(b.Began));
    }

    /// <summary>In the order in which they began.</summary>
    internal IReadOnlyList<JourneyEvent> Journeys => _journeys;

    /// <summary>From the first stage to the last, nanoseconds since boot.</summary>
    internal (ulong Began, ulong Ended) Time => (_journeys[0].Began, _journeys.Max(journey => journey.Ended));

    /// <summary>
    /// Who had it between two journeys, and for how long: <c>sidecar</c>, <c>service</c>, or <c>upstream</c>, which is elsewhere; <c>sidecar and upstream</c>
    /// where it is not known what the sidecar did for the request. Nothing where a journey between them is missing.
    /// </summary>
    internal IEnumerable<(string Who, ulong Began, ulong Ended)> Between
    {
        get
        {
            for (int i = 1; i < _journeys.Length; i++)
            {
                (ulong began, ulong ended) = (_journeys[i - 1].Ended, _journeys[i].Began);
                if (ended > began && Holder(i) is { } who)
                {
                    yield return (who, began, ended);
                }
            }
        }
    }

    /// <summary>Leg and direction of a journey: "outside request".</summary>
    internal static string NameOf(in JourneyEvent journey) => $"{StackTraceMetrics.Legs[journey.Leg]} {StackTraceMetrics.Directions[journey.Direction]}";

    /// <summary>Whether it goes from the end that connected.</summary>
    internal static bool IsRequest(in JourneyEvent journey) => StackTraceMetrics.Directions[journey.Direction] == "request";

    /// <summary>Whether the last journey is among these, which came in this order; of a journey that is in no exchange nothing more comes.</summary>
    internal static bool IsWhole(ReadOnlySpan<JourneyEvent> journeys)
    {
        ref readonly JourneyEvent first = ref journeys[0];
        foreach (ref readonly JourneyEvent journey in journeys)
        {
            if (journey.Exchange == 0 || IsAnswer(first, journey))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether the second goes back over the connection on which the first came.</summary>
    private static bool IsAnswer(in JourneyEvent request, in JourneyEvent response) =>
        request.Direction != response.Direction
        && request.SourcePort == response.DestinationPort && request.DestinationPort == response.SourcePort
        && ((ReadOnlySpan<byte>)request.SourceAddress).SequenceEqual(response.DestinationAddress)
        && ((ReadOnlySpan<byte>)request.DestinationAddress).SequenceEqual(response.SourceAddress);

    /// <summary>Before this journey: from the sidecar's own request to its response the other end has it, otherwise the sidecar.</summary>
    private string? Holder(int next)
    {
        (JourneyEvent before, JourneyEvent after) = (_journeys[next - 1], _journeys[next]);
        if (IsAnswer(before, after))
        {
            return next == 1 ? "sidecar and upstream" : StackTraceMetrics.Legs[after.Leg] == "inside" ? "service" : "upstream";
        }

        return IsRequest(before) && !IsRequest(after) ? null : "sidecar";
    }
}
