namespace Pmoas.ResourceUsage.Network;

/// <summary>
/// Which pods are in which network namespace. What a namespace counts belongs to a pod only when no other is in it. Not thread-safe.
/// </summary>
internal sealed class NetworkClaims
{
    private readonly Dictionary<ulong, int> _pods = [];

    /// <summary>A pod is in another namespace than before.</summary>
    /// <param name="from">Inode of the one before, brought up to date; 0 for none of its own.</param>
    /// <param name="to">Inode of the one it is in; 0 for none of its own.</param>
    internal void Move(ref ulong from, ulong to)
    {
        if (from == to)
        {
            return;
        }

        if (from != 0 && --_pods[from] == 0)
        {
            _pods.Remove(from);
        }

        if (to != 0)
        {
            _pods[to] = _pods.GetValueOrDefault(to) + 1;
        }

        from = to;
    }

    /// <summary>True when exactly one pod is in it.</summary>
    internal bool IsOfOnePod(ulong network) => network != 0 && _pods.GetValueOrDefault(network) == 1;
}
