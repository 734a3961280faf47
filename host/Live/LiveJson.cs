using System.Buffers;
using System.Text.Json;
using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Live;

/// <summary>One JSON object a line: <c>time</c> (RFC 3339, UTC), <c>event</c>, <c>namespace pod container role</c>, then the event's fields.</summary>
internal sealed class LiveJson : LiveOutput, IDisposable
{
    private readonly Stream _output;
    private readonly ArrayBufferWriter<byte> _line = new(512);
    private readonly Utf8JsonWriter _json;
    private readonly Dictionary<string, JsonEncodedText> _seconds = [];
    private bool _inSteps;
    private bool _inStep;
    private bool _inPart;

    /// <summary>Writes to <paramref name="output"/>, which stays open.</summary>
    public LiveJson(LiveFilter filter, IContainerIndex containers, Stream output) : base(filter, containers) =>
        (_output, _json) = (output, new Utf8JsonWriter(_line));

    /// <inheritdoc/>
    protected override void WriteText(string name, ReadOnlySpan<char> value) => _json.WriteString(name, value);

    /// <inheritdoc/>
    public override void Number(string name, long value) => _json.WriteNumber(name, value);

    /// <inheritdoc/>
    protected override void WriteDuration(string name, ulong nanoseconds)
    {
        if (!_seconds.TryGetValue(name, out JsonEncodedText key))
        {
            _seconds.Add(name, key = JsonEncodedText.Encode(name + "_seconds"));
        }

        _json.WriteNumber(key, nanoseconds / 1e9m);
    }

    /// <inheritdoc/>
    public override void Step(string name, ulong nanoseconds)
    {
        if (!_inSteps)
        {
            _json.WriteStartArray("steps"u8);
            _inSteps = true;
        }

        EndStep();
        _json.WriteStartObject();
        _json.WriteString("name"u8, name);
        _json.WriteNumber("seconds"u8, nanoseconds / 1e9m);
        _inStep = true;
    }

    /// <inheritdoc/>
    public override void Stack(IReadOnlyList<string> functions)
    {
        _json.WriteStartArray("stack"u8);
        foreach (string function in functions)
        {
            _json.WriteStringValue(function);
        }

        _json.WriteEndArray();
    }

    /// <inheritdoc/>
    public override void Part(string name)
    {
        EndSteps();
        if (_inPart)
        {
            _json.WriteEndObject();
        }
        else
        {
            _json.WriteStartArray("parts"u8);
            _inPart = true;
        }

        _json.WriteStartObject();
        _json.WriteString("name"u8, name);
    }

    /// <inheritdoc/>
    protected override void FlushOutput() => _output.Flush();

    /// <inheritdoc/>
    public void Dispose() => _json.Dispose();

    /// <inheritdoc/>
    protected override void BeginLine(DateTime utc, string what)
    {
        _line.ResetWrittenCount();
        _json.Reset();
        _inSteps = false;
        _inStep = false;
        _inPart = false;
        _json.WriteStartObject();
        _json.WriteString("time"u8, utc);
        _json.WriteString("event"u8, what);
    }

    /// <inheritdoc/>
    protected override void WriteContainer(Container container)
    {
        _json.WriteString("namespace"u8, container.Namespace);
        _json.WriteString("pod"u8, container.Pod);
        _json.WriteString("container"u8, container.Name);
        _json.WriteString("role"u8, RoleText.Of(container.Role));
    }

    /// <inheritdoc/>
    protected override void EndLine()
    {
        EndSteps();
        if (_inPart)
        {
            _json.WriteEndObject();
            _json.WriteEndArray();
        }

        _json.WriteEndObject();
        _json.Flush();
        _line.Write("\n"u8);
        _output.Write(_line.WrittenSpan);
    }

    private void EndSteps()
    {
        EndStep();
        if (_inSteps)
        {
            _json.WriteEndArray();
            _inSteps = false;
        }
    }

    private void EndStep()
    {
        if (_inStep)
        {
            _json.WriteEndObject();
            _inStep = false;
        }
    }
}
