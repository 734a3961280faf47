namespace Pmoas.StackTrace;

/// <summary>What an event tells, as points in time in their order; empty where it tells nothing.</summary>
internal static class JourneySteps
{
    /// <summary>The stages that were passed.</summary>
    public static List<(string Name, ulong At)> OfStages(in JourneyEvent e, StagePath path)
    {
        List<(string, ulong)> steps = [];
        for (int stage = 0; stage < path.Length; stage++)
        {
            if (e.At[stage] != 0)
            {
                steps.Add((path.NameOf((uint)stage), e.At[stage]));
            }
        }

        return steps;
    }

    /// <summary>The states of TCP in which the connection was opened.</summary>
    public static List<(string Name, ulong At)> OfHandshake(in JourneyEvent e) => e.OpenedNs != 0 && e.EstablishedNs >= e.OpenedNs
        ? [(Stages.NameOfState(e.Opening), e.OpenedNs), ("TCP_ESTABLISHED", e.EstablishedNs)]
        : [];

    /// <summary>Those in which it was closed.</summary>
    public static List<(string Name, ulong At)> OfClose(in JourneyEvent e)
    {
        List<(string Name, ulong At)> steps = [];
        for (int state = 0; state < StateTimes.Count && e.ClosedNs != 0; state++)
        {
            if (e.Since[state] != 0)
            {
                steps.Add((Stages.NameOfState(state), e.Since[state]));
            }
        }

        steps.Sort((a, b) => a.At.CompareTo(b.At));
        if (steps.Count > 0)
        {
            steps.Add(("TCP_CLOSE", e.ClosedNs));
        }

        return steps;
    }
}
