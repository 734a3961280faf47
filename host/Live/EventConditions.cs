using System.Net;
using Pmoas.Sdk.Live;

namespace Pmoas.Host.Live;

/// <summary>Whether an event is what a person wants, told from its fields as they are written.</summary>
internal sealed class EventConditions(LiveConditions wanted)
{
    private bool _hasAddress, _hasPort, _hasPhase, _hasDuration;

    /// <summary>True when all that is wanted was seen since <see cref="Begin"/>.</summary>
    public bool Hold => _hasAddress && _hasPort && _hasPhase && _hasDuration;

    /// <summary>Begins with a new event.</summary>
    public void Begin() => (_hasAddress, _hasPort, _hasPhase, _hasDuration) =
        (wanted.Address is null, wanted.Port == 0, wanted.Phase is null, wanted.MinDuration == TimeSpan.Zero);

    /// <summary>A text field: one that is an address with a port is one of the event's ends.</summary>
    public void Text(string name, ReadOnlySpan<char> value)
    {
        if ((!_hasAddress || !_hasPort) && IPEndPoint.TryParse(value, out IPEndPoint? end))
        {
            _hasAddress |= end.Address.Equals(wanted.Address);
            _hasPort |= end.Port == wanted.Port;
        }

        _hasPhase |= name == "phase" && value.SequenceEqual(wanted.Phase);
    }

    /// <summary>A time span.</summary>
    public void Duration(ulong nanoseconds) => _hasDuration |= nanoseconds >= (ulong)wanted.MinDuration.Ticks * TimeSpan.NanosecondsPerTick;
}
