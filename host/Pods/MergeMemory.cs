using System.Runtime.CompilerServices;

namespace Pmoas.Host.Pods;

/// <summary>
/// What pods were made into the last time, by the very objects they were made of: of a list of 500 pods mostly one has changed, and only
/// that one is made anew. Guarded by the lock of <see cref="PodDirectory"/>.
/// </summary>
internal sealed class MergeMemory
{
    private Dictionary<(PodSpec, PodSpec), PodSpec> _before = new(SameObjects.Instance);
    private Dictionary<(PodSpec, PodSpec), PodSpec> _now = new(SameObjects.Instance);

    /// <summary>What these two were made into, or are now.</summary>
    public PodSpec Of(PodSpec first, PodSpec second, Func<PodSpec, PodSpec, PodSpec> make)
    {
        if (!_now.TryGetValue((first, second), out PodSpec? made))
        {
            made = _before.TryGetValue((first, second), out PodSpec? known) ? known : make(first, second);
            _now.Add((first, second), made);
        }
        return made;
    }

    /// <summary>A round is over: what was not asked for in it is forgotten.</summary>
    public void Turn()
    {
        (_before, _now) = (_now, _before);
        _now.Clear();
    }

    private sealed class SameObjects : IEqualityComparer<(PodSpec First, PodSpec Second)>
    {
        internal static readonly SameObjects Instance = new();

        public bool Equals((PodSpec First, PodSpec Second) x, (PodSpec First, PodSpec Second) y) =>
            ReferenceEquals(x.First, y.First) && ReferenceEquals(x.Second, y.Second);

        public int GetHashCode((PodSpec First, PodSpec Second) pair) =>
            HashCode.Combine(RuntimeHelpers.GetHashCode(pair.First), RuntimeHelpers.GetHashCode(pair.Second));
    }
}
