namespace Pmoas.Host.Plugins;

/// <summary>Ends one plugin's try: the state it is left in and one sentence for the operator.</summary>
internal sealed class PluginException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="state"><see cref="PluginState.Unsupported"/> or <see cref="PluginState.Faulted"/>.</param>
    /// <param name="reason">One sentence: what, at which step, and the cure where there is one.</param>
    /// <param name="inner">What was thrown, when something was.</param>
    public PluginException(PluginState state, string reason, Exception? inner = null) : base(reason, inner) => State = state;

    /// <summary>The state the plugin is left in.</summary>
    public PluginState State { get; }
}
