namespace Pmoas.Host.Demo;

/// <summary>The demo cannot go on; the message is one sentence for the person at the terminal and names the cure where there is one.</summary>
internal sealed class DemoException(string message) : Exception(message);
