
namespace Pmoas.Host.Plugins;

/// <summary>What the life of plugins says in the log.</summary>
internal static partial class ProbeLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "version {Version} running; hooks: {Hooks}")]
    public static partial void Running(ILogger logger, string version, string hooks);

    [LoggerMessage(Level = LogLevel.Error, Message = "{State}: {Reason}")]
    public static partial void Ended(ILogger logger, string state, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Plugin} {State}: {Reason}")]
    public static partial void Refused(ILogger logger, string plugin, string state, string reason);
}
