using Pmoas.Sdk.Metrics;

namespace Pmoas.ResourceUsage.Cgroups;

/// <summary>How long tasks of one container were stalled, by resource.</summary>
internal sealed class PressureUsage : IDisposable
{
    private static readonly string[] s_resources = ["cpu", "memory", "io"];

    private readonly OwnedSeries _series;
    private readonly UsageInstruments _to;
    private readonly KeptFile[] _files;
    private readonly OwnedCounter?[] _some = new OwnedCounter?[s_resources.Length];
    private readonly OwnedCounter?[] _full = new OwnedCounter?[s_resources.Length];

    internal PressureUsage(CgroupPlaces places, string path, KeptFiles files, OwnedSeries series, UsageInstruments to)
    {
        (_series, _to) = (series, to);
        _files = places.Pressure is { } place ? [.. s_resources.Select(resource => files.File(place.File(path, $"{resource}.pressure")))] : [];
    }

    /// <summary>Reads it.</summary>
    internal void Collect()
    {
        for (int i = 0; i < _files.Length; i++)
        {
            if (_files[i].TryRead(out ReadOnlySpan<byte> text))
            {
                Follow(text, "some"u8, "some", i, ref _some[i]);
                Follow(text, "full"u8, "full", i, ref _full[i]);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(_files, file => file.Dispose());

    private void Follow(ReadOnlySpan<byte> text, ReadOnlySpan<byte> share, string label, int resource, ref OwnedCounter? counter)
    {
        if (CgroupText.TryPressure(text, share, out ulong microseconds))
        {
            (counter ??= _series.Counter(_to.Pressure, s_resources[resource], label)).Follow(microseconds / 1e6);
        }
    }
}
