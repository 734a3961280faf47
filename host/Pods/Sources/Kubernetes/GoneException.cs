namespace Pmoas.Host.Pods.Sources.Kubernetes;

/// <summary>The API server no longer knows the version it was asked about: only a new list tells what is.</summary>
internal sealed class GoneException : Exception
{
    /// <summary>A watch, or the rest of a list, cannot be had.</summary>
    public GoneException() : base("410 Gone")
    {
    }
}
