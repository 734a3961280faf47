namespace Pmoas.Host.Plugins;

/// <summary>A plugin state as logs, lists and labels spell it.</summary>
internal static class StateText
{
    /// <summary>Lower case.</summary>
    public static string Of(PluginState state) => state.ToString().ToLowerInvariant();
}
