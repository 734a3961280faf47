namespace Pmoas.Host.Demo;

/// <summary>What the verb <c>demo</c> was asked for.</summary>
internal sealed record DemoOptions
{
    /// <summary>Where the daemon answers when nothing else is said.</summary>
    internal const string DefaultListen = "127.0.0.1:8765";

    /// <summary>Seconds the daemon can be looked at, counted from the start; the demo never ends before its table is shown.</summary>
    internal int Seconds { get; init; } = 10;

    /// <summary>Requests counted, each over a new connection.</summary>
    internal int Requests { get; init; } = 1000;

    /// <summary>One JSON object on stdout at the end in place of the table.</summary>
    internal bool Json { get; init; }

    /// <summary>Plugins the daemon loads.</summary>
    internal required string PluginsDir { get; init; }

    /// <summary>Where the daemon answers: <c>ADDR:PORT</c>.</summary>
    internal string Listen { get; init; } = DefaultListen;
}
