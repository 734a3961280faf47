using Xunit.v3;

namespace Pmoas.KernelTests;

/// <summary>
/// <c>make test</c> runs this test, or all of this class, also on Debian's kernels in a virtual machine, where everything takes some
/// twenty times as long: for the few that tell a kernel from another. <c>make test-kernels</c> runs all of them there. One row of a
/// theory is marked by <c>[InlineData(…, Traits = ["kernel", "every"])]</c>.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
internal sealed class OnEveryKernelAttribute : Attribute, ITraitAttribute
{
    /// <inheritdoc/>
    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [new("kernel", "every")];
}
