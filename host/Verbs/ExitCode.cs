namespace Pmoas.Host.Verbs;

/// <summary>What the process says with its exit code.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Ok = 0;

    /// <summary>Tried and failed.</summary>
    public const int Failed = 1;

    /// <summary>The command line or pmoas.toml is wrong; nothing was tried.</summary>
    public const int Usage = 2;
}
