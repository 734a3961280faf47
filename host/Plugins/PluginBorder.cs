using Pmoas.Sdk.Bpf;

namespace Pmoas.Host.Plugins;

/// <summary>
/// The border between host and plugin: whatever a plugin's code throws becomes that plugin's fault, in one sentence.
/// The only place that catches every exception.
/// </summary>
internal static class PluginBorder
{
    /// <summary>Calls a member of the plugin.</summary>
    /// <exception cref="PluginException">The member threw.</exception>
    public static T Call<T>(string member, Func<T> call)
    {
        try
        {
            return call();
        }
        catch (Exception e) when (e is not PluginException)
        {
            throw Fault(member, e);
        }
    }

    /// <summary>Calls a member of the plugin.</summary>
    /// <exception cref="PluginException">The member threw.</exception>
    public static void Call(string member, Action call) => Call(member, () =>
    {
        call();
        return true;
    });

    /// <summary>The fault that an exception of the plugin's code is. A kernel error speaks for itself; of others the type matters too.</summary>
    public static PluginException Fault(string member, Exception e) => e switch
    {
        PluginException fault => fault,
        BpfException => new PluginException(PluginState.Faulted, $"{member}: {e.Message}", e),
        _ => new PluginException(PluginState.Faulted, $"{member} threw {e.GetType().Name}: {e.Message}", e),
    };
}
