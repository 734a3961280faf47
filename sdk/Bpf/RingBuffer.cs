using Pmoas.Sdk.Bpf.Native;

namespace Pmoas.Sdk.Bpf;

/// <summary>Takes one sample in place: the span is gone when it returns. Must not throw: the samples of that batch would be handed over again.</summary>
public delegate void RingSampleHandler(ReadOnlySpan<byte> sample);

/// <summary>What programs tried to put into a ring since load, and how much of it found no room. delivered = attempts − dropped, exactly.</summary>
/// <param name="Attempts">Events a program had to report.</param>
/// <param name="Dropped">Those lost because the ring was full.</param>
public readonly record struct RingCount(ulong Attempts, ulong Dropped);

/// <summary>
/// Reads a BPF ring buffer straight from its memory, as fast as C does: no system call, no callback out of C, no allocation.
/// The protocol is the kernel's (kernel/bpf/ringbuf.c): the producer's position counts bytes ever reserved, the consumer's bytes ever
/// consumed; each sample has a header of 8 bytes whose length word carries a busy and a discard bit. One thread drains.
/// The mapping keeps the ring alive; dispose before the object all the same.
/// </summary>
public sealed unsafe class RingBuffer : IDisposable
{
    private const uint Busy = 1u << 31;
    private const uint Discard = 1u << 30;
    private const uint HeaderSize = 8;

    private readonly nuint _page = (nuint)Environment.SystemPageSize;
    private readonly uint _size;
    private readonly nint _consumerPage;
    private readonly nint _producerPage;
    private bool _disposed;

    /// <summary>Maps the ring of a loaded object.</summary>
    /// <exception cref="BpfException">The map is no ring buffer, is not loaded, or the kernel refused to map it.</exception>
    public RingBuffer(BpfMap map)
    {
        if (map.Type != BpfMapType.RingBuffer)
        {
            throw new BpfException($"map {map.Name} is {map.Type}, not a ring buffer", errno: 0);
        }

        _size = map.MaxEntries;
        _consumerPage = Libc.Map(map.Fd, _page, Libc.ProtRead | Libc.ProtWrite, 0, $"map the consumer page of ring {map.Name}");
        try
        {
            // The kernel maps the data twice in a row, so that a sample that wraps around is still one piece.
            _producerPage = Libc.Map(map.Fd, _page + (2 * (nuint)_size), Libc.ProtRead, (nint)_page, $"map the data of ring {map.Name}");
        }
        catch (BpfException)
        {
            _ = Libc.munmap(_consumerPage, _page);
            throw;
        }
    }

    /// <summary>Samples handed over so far. Read it on the draining thread.</summary>
    public ulong Delivered { get; private set; }

    /// <summary>Samples that programs reserved and then took back.</summary>
    public ulong Discarded { get; private set; }

    /// <summary>Bytes the producers are ahead of us now; from any thread.</summary>
    public ulong Backlog
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);

            // Consumer first: the other order could show a consumer ahead of a producer.
            ulong consumed = Volatile.Read(ref *(ulong*)_consumerPage);
            return Volatile.Read(ref *(ulong*)_producerPage) - consumed;
        }
    }

    /// <summary>The counts that <c>PMOAS_RING(ring, …)</c> keeps beside a ring, summed over the CPUs. From any thread.</summary>
    /// <exception cref="BpfException">The object has no map <c>RING_count</c>, or it cannot be read.</exception>
    public static RingCount ReadCount(BpfObject bpf, string ring)
    {
        BpfMap counts = bpf.Map(ring + "_count");
        if (counts.Type != BpfMapType.PerCpuArray || counts.ValueSize != sizeof(RingCount))
        {
            throw new BpfException($"map {counts.Name} of {bpf.Name} is not the count of a ring: declare both with PMOAS_RING", errno: 0);
        }

        RingCount[] perCpu = new RingCount[BpfException.Check(Libbpf.libbpf_num_possible_cpus(), "read the number of possible CPUs")];
        uint zero = 0;
        fixed (RingCount* values = perCpu)
        {
            BpfException.Check(Libbpf.bpf_map_lookup_elem(counts.Fd, &zero, values), $"read map {counts.Name}");
        }

        RingCount sum = default;
        foreach (RingCount one in perCpu)
        {
            sum = new RingCount(sum.Attempts + one.Attempts, sum.Dropped + one.Dropped);
        }

        return sum;
    }

    /// <summary>Hands over what is complete now, oldest first, and gives its room back to the producers. Does not wait.</summary>
    /// <param name="handler">Takes each sample.</param>
    /// <param name="max">At most so many samples.</param>
    /// <returns>Samples handed over.</returns>
    public int Drain(RingSampleHandler handler, int max = int.MaxValue)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ref ulong consumer = ref *(ulong*)_consumerPage;
        ref ulong producer = ref *(ulong*)_producerPage;
        byte* data = (byte*)_producerPage + _page;
        uint mask = _size - 1;
        ulong position = consumer;
        int delivered = 0;
        bool complete = true;
        while (complete && delivered < max)
        {
            // An eighth of the ring at most, then its room is given back: a producer that waits for a long drain to end drops.
            ulong end = Math.Min(Volatile.Read(ref producer), position + Math.Max(_size / 8, 1));
            if (position >= end)
            {
                break;
            }

            int before = delivered;
            while (position < end && delivered < max)
            {
                byte* header = data + (position & mask);
                uint length = Volatile.Read(ref *(uint*)header);
                if ((length & Busy) != 0)
                {
                    complete = false;
                    break;
                }

                position += (((length & ~Discard) + HeaderSize) + 7) & ~7u;
                if ((length & Discard) == 0)
                {
                    handler(new ReadOnlySpan<byte>(header + HeaderSize, (int)length));
                    delivered++;
                }
                else
                {
                    Discarded++;
                }
            }

            Volatile.Write(ref consumer, position);
            Delivered += (uint)(delivered - before);
        }

        return delivered;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _ = Libc.munmap(_producerPage, _page + (2 * (nuint)_size));
            _ = Libc.munmap(_consumerPage, _page);
        }
    }
}
