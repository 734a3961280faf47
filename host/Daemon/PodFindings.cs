using Microsoft.Extensions.Logging.Abstractions;
using Pmoas.Host.Pods.Sources;
using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Daemon;

/// <summary>Checks which sources of pods answer, and what they tell.</summary>
internal static class PodFindings
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>One finding a source, and one of the pods.</summary>
    public static async Task<IReadOnlyList<Finding>> OfAsync(Setup setup)
    {
        try
        {
            await using PodLook look = new(setup, NullLogger.Instance);
            await look.SettleAsync(Limit, CancellationToken.None);
            return [.. look.Sources.Statuses.Select(Of), Of(look)];
        }
        catch (PlatformNotSupportedException)
        {
            return []; // without cgroups there are no pods; that is told as what it is
        }
    }

    private static Finding Of(SourceStatus source)
    {
        string what = $"source {source.Name}";
        return source switch
        {
            { IsUp: true } => new Finding(Verdict.Ok, what,
                $"{source.Endpoint}{(source.About.Length > 0 ? $" ({source.About})" : "")}: {source.Pods} pods"),
            { Problem.Length: > 0 } => new Finding(source.IsWanted ? Verdict.Fail : Verdict.Degraded, what, $"{source.Endpoint}: {source.Problem}"),
            _ => new Finding(source.IsWanted ? Verdict.Fail : Verdict.Degraded, what,
                $"{source.Endpoint}: did not answer within {Limit.TotalSeconds} s; is it overloaded?"),
        };
    }

    private static Finding Of(PodLook look)
    {
        IReadOnlyCollection<Container> all = look.Pods.All;
        if (all.Count == 0)
        {
            return new Finding(Verdict.Degraded, "pods", $"none runs on this node; declare one by hand with [[sources.static.pods]] in {look.Setup.File}.");
        }

        int pods = all.Select(container => container.PodId).Distinct().Count();
        int sidecars = all.Count(container => container.Role == Role.Sidecar);
        string found = $"{pods} with {all.Count} containers, {sidecars} of them sidecars";
        return look.Sources.NamesContainers
            ? new Finding(Verdict.Ok, "pods", found)
            : new Finding(Verdict.Degraded, "pods", $"{found}; none of Kubernetes, CRI and Docker answers, so containers are shown by their ids: see [sources] in {look.Setup.File}.");
    }
}
