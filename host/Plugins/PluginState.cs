namespace Pmoas.Host.Plugins;

/// <summary>Where a plugin is in its life; exported as <c>pmoas_plugin_state{plugin,state}</c>.</summary>
internal enum PluginState
{
    /// <summary>Its folder is there; the configuration does not enable it, or it was not looked at yet.</summary>
    Found,

    /// <summary>Its DLL is loaded and its manifest read.</summary>
    Imported,

    /// <summary>Its options are bound and its kernel object opened.</summary>
    Configured,

    /// <summary>The kernel accepted its programs.</summary>
    Loaded,

    /// <summary>Its hooks are attached.</summary>
    Attached,

    /// <summary><c>Start</c> returned; it measures.</summary>
    Running,

    /// <summary>Ended on purpose: by the configuration or with the daemon.</summary>
    Stopped,

    /// <summary>This host or this kernel cannot run it; it is not tried again.</summary>
    Unsupported,

    /// <summary>It failed. Tried again with a growing pause, unless it could not even be imported.</summary>
    Faulted,
}
