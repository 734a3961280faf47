using Pmoas.Sdk.Metrics;

namespace Pmoas.ResourceUsage.Cgroups;

/// <summary>CPU time, limit, request and throttling of one container, cgroups below its own included (limit and request are its own).</summary>
internal sealed class CpuUsage : IDisposable
{
    private const double Nanoseconds = 1e-9;
    private const double Microseconds = 1e-6;

    /// <summary>The tick user space is told of, 1/100 s on every architecture .NET runs on.</summary>
    private const ulong TickNanoseconds = 10_000_000;

    /// <summary>What the kernel and the kubelet write when nothing was asked for.</summary>
    private const ulong DefaultShares = 1024, DefaultWeight = 100, LeastShares = 2;

    private static readonly byte[][] s_v2 = ["user_usec"u8.ToArray(), "system_usec"u8.ToArray()];

    private static readonly byte[][] s_modes = ["user"u8.ToArray(), "system"u8.ToArray()];

    private readonly OwnedSeries _series;
    private readonly UsageInstruments _to;
    private readonly KeptFile? _time, _modes, _stat, _quota, _period, _shares;
    private readonly bool _timeIsV2, _limitIsV2, _isKubelets;
    private readonly Throttling? _throttling;
    private readonly ThrottlingBelow? _below;
    private readonly ulong[] _now = new ulong[s_v2.Length];
    private OwnedCounter? _userSeconds, _systemSeconds;
    private OwnedGauge? _limit, _request;
    private ulong _lastTotal, _lastUser;
    private bool _limited;

    internal CpuUsage(CgroupPlaces places, string path, KeptFiles files, OwnedSeries series, UsageInstruments to)
    {
        (_series, _to) = (series, to);
        _isKubelets = path.Contains("kubepods", StringComparison.Ordinal);
        if (places.CpuTime is { } time)
        {
            _timeIsV2 = time.IsV2;
            _time = files.File(time.File(path, time.IsV2 ? "cpu.stat" : "cpuacct.usage"));
            _modes = time.IsV2 ? null : files.File(time.File(path, "cpuacct.stat"));
        }

        if (places.Cpu is { } cpu)
        {
            _limitIsV2 = cpu.IsV2;
            _throttling = new Throttling(cpu.IsV2, series, to);
            _below = new ThrottlingBelow(cpu, path, files, series, to);
            _stat = cpu.IsV2 ? null : files.File(cpu.File(path, "cpu.stat"));
            _quota = files.File(cpu.File(path, cpu.IsV2 ? "cpu.max" : "cpu.cfs_quota_us"));
            _period = cpu.IsV2 ? null : files.File(cpu.File(path, "cpu.cfs_period_us"));
            _shares = files.File(cpu.File(path, cpu.IsV2 ? "cpu.weight" : "cpu.shares"));
        }
    }

    /// <summary>CPU time of the container, in seconds, as of the last read.</summary>
    internal double Seconds { get; private set; }

    /// <summary>The request in cores as a source tells it; null when none does.</summary>
    internal double? RequestTold { get; set; }

    /// <summary>Reads CPU time, and throttling where there is a limit.</summary>
    /// <param name="everything">True: throttling also when the container did not run.</param>
    internal void Collect(bool everything)
    {
        bool ran = _timeIsV2 ? CollectV2(everything) : CollectTime();
        if (!ran && !everything)
        {
            return;
        }

        if (_limited && _stat is not null && _stat.TryRead(out ReadOnlySpan<byte> text))
        {
            _throttling!.Follow(text);
        }

        _below?.Collect(everything);
    }

    /// <summary>Reads limit and request; before the first <see cref="Collect"/>.</summary>
    internal void CollectLimits()
    {
        double? limit = _limitIsV2 ? LimitV2() : LimitV1();
        _limited = limit is not null;
        if (_limited)
        {
            _throttling!.Begin();
        }

        Show(ref _limit, _to.CpuLimit, limit);
        Show(ref _request, _to.CpuRequest, Request());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _below?.Dispose();
        foreach (KeptFile? file in (ReadOnlySpan<KeptFile?>)[_time, _modes, _stat, _quota, _period, _shares])
        {
            file?.Dispose();
        }
    }

    /// <summary>
    /// The total is exact to the nanosecond. cpuacct.stat splits it, in ticks; cpuacct.usage_user and _sys would not do: they are what the
    /// timer's interrupt happened to see, and their sum is not the total.
    /// </summary>
    /// <returns>False when the container is known not to have run since the last read.</returns>
    private bool CollectTime()
    {
        if (_time is null || !_time.TryRead(out ReadOnlySpan<byte> text) || !CgroupText.TryNumber(text, out ulong total))
        {
            return true; // not known
        }

        if (total == _lastTotal && _userSeconds is not null)
        {
            return false;
        }

        if (_modes!.TryRead(out text) && CgroupText.Numbers(text, s_modes, _now) == 0b11)
        {
            ulong system = Math.Min(_now[1] * TickNanoseconds, total);

            // A tick that went to the system is no time given back by the user.
            _lastUser = total < _lastTotal ? total - system : Math.Max(_lastUser, total - system);
            Time(total, _lastUser * Nanoseconds, system * Nanoseconds, Nanoseconds);
        }

        return true;
    }

    private bool CollectV2(bool everything)
    {
        if (!_time!.TryRead(out ReadOnlySpan<byte> text))
        {
            return true;
        }

        uint found = CgroupText.Numbers(text, s_v2, _now);
        if ((found & 0b11) != 0b11)
        {
            return true;
        }

        ulong total = _now[0] + _now[1];
        bool ran = total != _lastTotal || _userSeconds is null;
        if (ran)
        {
            Time(total, _now[0] * Microseconds, _now[1] * Microseconds, Microseconds);
        }

        if ((ran || everything) && _limited)
        {
            _throttling!.Follow(text);
        }

        return ran;
    }

    private void Time(ulong total, double user, double system, double unit)
    {
        _lastTotal = total;
        Seconds = total * unit;
        (_userSeconds ??= _series.Counter(_to.CpuSeconds, "user")).Follow(user);
        (_systemSeconds ??= _series.Counter(_to.CpuSeconds, "system")).Follow(system);
    }

    private double? LimitV1() =>
        _quota is not null && _quota.TryRead(out ReadOnlySpan<byte> text) && CgroupText.TryNumber(text, out ulong quota)
        && _period!.TryRead(out text) && CgroupText.TryNumber(text, out ulong period) && period > 0
            ? (double)quota / period
            : null;

    private double? LimitV2() =>
        _quota is not null && _quota.TryRead(out ReadOnlySpan<byte> text)
        && CgroupText.NextWord(ref text, out ReadOnlySpan<byte> quotaText) && CgroupText.TryNumber(quotaText, out ulong quota)
        && CgroupText.TryNumber(text, out ulong period) && period > 0
            ? (double)quota / period
            : null;

    private double? Request()
    {
        if (RequestTold is { } told)
        {
            return told;
        }

        if (_shares is null || !_shares.TryRead(out ReadOnlySpan<byte> text) || !CgroupText.TryNumber(text, out ulong value))
        {
            return null;
        }

        if (!_limitIsV2)
        {
            // The kubelet always writes something: what reads as the kernel's default is one core there.
            return value <= LeastShares || (value == DefaultShares && !_isKubelets) ? null : value / 1024.0;
        }

        // The inverse of what runtimes make of shares: 2 … 262144 become 1 … 10000.
        return value is DefaultWeight or <= 1 ? null : Math.Round(2 + ((value - 1) * 262142.0 / 9999)) / 1024;
    }

    private void Show(ref OwnedGauge? gauge, Gauge instrument, double? value)
    {
        if (value is { } known)
        {
            (gauge ??= _series.Gauge(instrument)).Set(known);
        }
        else
        {
            gauge?.Clear();
        }
    }
}
