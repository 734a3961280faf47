namespace Pmoas.Accept;

/// <summary><c>[plugins.accept]</c>.</summary>
public sealed class AcceptOptions
{
}
