namespace Pmoas.Host.Pods.Sources;

/// <summary>Publishes what a source sees at each look, when it is another list than at the look before. Not thread-safe.</summary>
internal sealed class ChangedPods(ISourceOutlet outlet)
{
    private IReadOnlyList<PodSpec>? _told;

    /// <summary>Takes the list of a look.</summary>
    public void Tell(IReadOnlyList<PodSpec> pods)
    {
        if (_told is not null && PodList.IsSame(_told, pods))
        {
            outlet.Alive();
        }
        else
        {
            _told = pods;
            outlet.Publish(pods);
        }
    }
}
