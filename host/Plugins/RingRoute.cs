using System.Runtime.InteropServices;
using Pmoas.Sdk;
using Pmoas.Sdk.Bpf;

namespace Pmoas.Host.Plugins;

/// <summary>One ring buffer of one probe and who gets its events. Handlers are added before the route is given to the ring thread.</summary>
internal sealed class RingRoute : IDisposable
{
    private readonly BpfObject _bpf;
    private readonly RingBuffer _buffer;
    private readonly Action<PluginException> _onFault;
    private readonly RingSampleHandler _dispatch;
    private RingSampleHandler? _handlers;
    private bool _faulted;

    /// <summary>Maps the ring buffer.</summary>
    /// <param name="plugin">Name of the plugin.</param>
    /// <param name="bpf">The loaded object.</param>
    /// <param name="ring">Name of its ring buffer map.</param>
    /// <param name="onFault">Told, once and on the ring thread, that a handler threw; nothing is handed over after that.</param>
    /// <exception cref="BpfException">There is no such ring, or it cannot be mapped.</exception>
    public RingRoute(string plugin, BpfObject bpf, string ring, Action<PluginException> onFault)
    {
        (Plugin, _bpf, Ring, _onFault) = (plugin, bpf, ring, onFault);
        _buffer = new RingBuffer(bpf.Map(ring));
        _dispatch = Dispatch;
    }

    /// <summary>Name of the plugin.</summary>
    public string Plugin { get; }

    /// <summary>Name of the ring buffer map.</summary>
    public string Ring { get; }

    /// <summary>Events handed over so far.</summary>
    public ulong Delivered => _buffer.Delivered;

    /// <summary>Attempts and losses, as the kernel program counted them.</summary>
    public RingCount Count => RingBuffer.ReadCount(_bpf, Ring);

    /// <summary>Adds a handler for events of type <typeparamref name="T"/>, after checking its layout against the C struct.</summary>
    /// <exception cref="BpfException">The layouts differ.</exception>
    public void Add<T>(BpfEventHandler<T> handler) where T : unmanaged
    {
        BtfLayout.Verify<T>(_bpf);
        _handlers += sample => handler(in MemoryMarshal.AsRef<T>(sample));
    }

    /// <summary>Hands over what is in the ring now. One thread at a time.</summary>
    /// <returns>Number of events.</returns>
    public int Drain() => _faulted ? 0 : _buffer.Drain(_dispatch);

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();

    private void Dispatch(ReadOnlySpan<byte> sample)
    {
        if (_faulted)
        {
            return;
        }

        try
        {
            _handlers!(sample);
        }
        catch (Exception e)
        {
            _faulted = true;
            _onFault(PluginBorder.Fault($"the handler of ring {Ring}", e));
        }
    }
}
