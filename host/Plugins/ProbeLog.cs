using Microsoft.Extensions.Logging;

namespace Pmoas.Host.Plugins;

/// <summary>What a probe's life says in the log.</summary>
internal static partial class ProbeLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "version {Version} running; hooks: {Hooks}")]
    public static partial void Running(ILogger logger, string version, string hooks);

    [LoggerMessage(Level = LogLevel.Error, Message = "{State}: {Reason}")]
    public static partial void Ended(ILogger logger, string state, string reason);
}
