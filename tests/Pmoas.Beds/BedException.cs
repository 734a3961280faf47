namespace Pmoas.Beds;

/// <summary>A bed cannot go on; the message names the thing, the step and the cure.</summary>
internal sealed class BedException(string message) : Exception(message);
