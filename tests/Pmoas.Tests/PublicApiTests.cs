using Pmoas.Sdk;

namespace Pmoas.Tests;

public sealed class PublicApiTests
{
    [Fact]
    public void the_sdk_shows_types_of_its_own_namespaces_only() =>
        Assert.All(typeof(IProbe).Assembly.GetExportedTypes(), type => Assert.StartsWith("Pmoas.Sdk", type.Namespace, StringComparison.Ordinal));
}
