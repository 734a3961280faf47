namespace Pmoas.Host.Pods.Sources;

/// <summary>What a runtime is asked of each container or sandbox one by one, and once: its answer stays for as long as the thing is there.</summary>
internal static class OnceAsked
{
    private const int QuestionsAtOnce = 8;

    /// <summary>Asks of each that is wanted and not known yet, and forgets those that are gone.</summary>
    /// <param name="known">The answers by id; changed.</param>
    /// <param name="present">Ids of all there are.</param>
    /// <param name="wanted">Ids of those to ask of.</param>
    /// <param name="ask">Asks; called for several at a time.</param>
    /// <param name="stopping">Ends it.</param>
    public static async Task LearnAsync<T>(
        Dictionary<string, T> known, IReadOnlySet<string> present, IEnumerable<string> wanted, Func<string, Task<T>> ask, CancellationToken stopping)
    {
        foreach (string id in known.Keys.Where(id => !present.Contains(id)).ToArray())
        {
            known.Remove(id);
        }
        string[] unknown = [.. wanted.Where(id => !known.ContainsKey(id))];
        await Parallel.ForEachAsync(
            unknown, new ParallelOptions { MaxDegreeOfParallelism = QuestionsAtOnce, CancellationToken = stopping }, async (id, _) =>
        {
            T answer = await ask(id);
            lock (known)
            {
                known[id] = answer;
            }
        });
    }
}
