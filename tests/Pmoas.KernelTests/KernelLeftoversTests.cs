using Microsoft.Extensions.Logging.Abstractions;
using Pmoas.Host.Demo;
using Pmoas.Sdk.Bpf;

namespace Pmoas.KernelTests;

/// <summary>The judge of the other tests must itself be able to fail.</summary>
public sealed class KernelLeftoversTests
{
    [Fact]
    public void what_is_still_loaded_is_found_and_what_is_gone_is_not()
    {
        KernelLeftovers leftovers = new() { GracePeriod = TimeSpan.Zero };
        BpfObject bpf = BpfObject.Open(TestObject.Elf("ring"), "ring.bpf.o", NullLogger.Instance);
        try
        {
            bpf.Load();
            Assert.Equal(4, leftovers.Mark()); // produce, events, events_count, .bss
            Assert.ThrowsAny<Exception>(leftovers.AssertNone);
        }
        finally
        {
            bpf.Dispose();
        }

        leftovers.GracePeriod = Patience.Of(TimeSpan.FromSeconds(5));
        leftovers.AssertNone();
    }
}
