using Pmoas.Sdk.Metrics;

namespace Pmoas.ResourceUsage.Cgroups;

/// <summary>What one container read from block devices and wrote to them, cgroups below its own included.</summary>
internal sealed class BlockIoUsage : IDisposable
{
    private readonly OwnedSeries _series;
    private readonly UsageInstruments _to;
    private readonly BlockDevices _names;
    private readonly bool _isV2;
    private readonly KeptFile? _bytes, _operations;
    private readonly List<Device> _devices = [];
    private ulong _lastSum;

    internal BlockIoUsage(CgroupPlaces places, string path, KeptFiles files, BlockDevices names, OwnedSeries series, UsageInstruments to)
    {
        (_series, _to, _names) = (series, to, names);
        if (places.BlockIo is { } io)
        {
            _isV2 = io.IsV2;
            _bytes = files.File(io.File(path, _isV2 ? "io.stat" : "blkio.throttle.io_service_bytes_recursive"));
            _operations = _isV2 ? null : files.File(io.File(path, "blkio.throttle.io_serviced_recursive"));
        }
    }

    /// <summary>Reads it.</summary>
    internal void Collect()
    {
        if (_bytes is null || !_bytes.TryRead(out ReadOnlySpan<byte> text))
        {
            return;
        }

        if (_isV2)
        {
            ReadV2(text);
        }
        else if (ReadV1(text, operations: false) is var sum && sum != _lastSum && _operations!.TryRead(out text))
        {
            // No operation moves no byte, but for flushes and discards, which are neither read nor write.
            _lastSum = sum;
            ReadV1(text, operations: true);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _bytes?.Dispose();
        _operations?.Dispose();
    }

    /// <summary>Lines <c>254:0 Read 4096</c>, <c>254:0 Write …</c>, and others.</summary>
    /// <returns>The sum of all.</returns>
    private ulong ReadV1(ReadOnlySpan<byte> text, bool operations)
    {
        ulong sum = 0;
        while (CgroupText.NextLine(ref text, out ReadOnlySpan<byte> line))
        {
            if (!CgroupText.TryDevice(ref line, out uint major, out uint minor) || !CgroupText.NextWord(ref line, out ReadOnlySpan<byte> kind)
                || !CgroupText.TryNumber(line, out ulong value))
            {
                continue;
            }

            bool read = kind.SequenceEqual("Read"u8);
            if (read || kind.SequenceEqual("Write"u8))
            {
                DeviceOf(major, minor).Follow(operations, read, value);
                sum += value;
            }
        }

        return sum;
    }

    /// <summary>Lines <c>254:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0</c>.</summary>
    private void ReadV2(ReadOnlySpan<byte> text)
    {
        while (CgroupText.NextLine(ref text, out ReadOnlySpan<byte> line))
        {
            if (!CgroupText.TryDevice(ref line, out uint major, out uint minor))
            {
                continue;
            }

            while (CgroupText.NextWord(ref line, out ReadOnlySpan<byte> word))
            {
                int equals = word.IndexOf((byte)'=');
                if (equals < 2 || word[0] is not ((byte)'r' or (byte)'w') || !CgroupText.TryNumber(word[(equals + 1)..], out ulong value))
                {
                    continue;
                }

                ReadOnlySpan<byte> what = word[1..equals];
                if (what.SequenceEqual("ios"u8) || what.SequenceEqual("bytes"u8))
                {
                    DeviceOf(major, minor).Follow(operations: what[0] == 'i', read: word[0] == 'r', value);
                }
            }
        }
    }

    private Device DeviceOf(uint major, uint minor)
    {
        foreach (Device known in _devices)
        {
            if (known.Major == major && known.Minor == minor)
            {
                return known;
            }
        }

        string name = _names.NameOf(major, minor);
        Device device = new(
            major, minor,
            [
                _series.Counter(_to.BlockIoBytes, name, "read"), _series.Counter(_to.BlockIoBytes, name, "write"),
                _series.Counter(_to.BlockIoOperations, name, "read"), _series.Counter(_to.BlockIoOperations, name, "write"),
            ]);
        _devices.Add(device);
        return device;
    }

    private sealed record Device(uint Major, uint Minor, OwnedCounter[] Counters)
    {
        internal void Follow(bool operations, bool read, ulong value) => Counters[(operations ? 2 : 0) + (read ? 0 : 1)].Follow(value);
    }
}
