namespace Pmoas.Host.Overview;

/// <summary>Puts intervals one behind the other, as they are passed: each begins where the one before it ends.</summary>
internal static class StageOrder
{
    /// <summary>
    /// The chain that most journeys take, from a stage at which no other interval ends. What belongs to none of its links, as where some
    /// journeys pass a stage and others do not, comes behind it.
    /// </summary>
    internal static IReadOnlyList<StageOverview> Of(IReadOnlyList<StageOverview> stages)
    {
        List<StageOverview> left = [.. stages.OrderByDescending(stage => stage.Time.Count)];
        List<StageOverview> ordered = [];
        while (left.Count > 0)
        {
            StageOverview next = left.Find(stage => ordered.Count > 0 && stage.From == ordered[^1].To)
                ?? left.Find(stage => !left.Exists(other => other.To == stage.From))
                ?? left[0];
            ordered.Add(next);
            left.Remove(next);
        }

        return ordered;
    }
}
