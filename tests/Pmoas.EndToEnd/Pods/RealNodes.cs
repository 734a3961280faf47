namespace Pmoas.EndToEnd.Pods;

/// <summary>Tests with real container runtimes run one after the other: each of them keeps the machine busy.</summary>
[CollectionDefinition(Name)]
public sealed class RealNodes
{
    public const string Name = "real nodes";
}
