namespace Pmoas.Host.Top;

/// <summary>The daemon does not give its metrics; the message names it, says why and what to do.</summary>
internal sealed class DaemonException(string message, Exception? inner = null) : Exception(message, inner);
