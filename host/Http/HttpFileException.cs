namespace Pmoas.Host.Http;

/// <summary>A file that <c>[http]</c> names cannot be used; the message names it, says why and what to do.</summary>
internal sealed class HttpFileException(string message, Exception? inner = null) : Exception(message, inner);
