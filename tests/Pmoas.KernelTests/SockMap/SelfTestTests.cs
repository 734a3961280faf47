using Microsoft.Extensions.Logging.Abstractions;
using Pmoas.SockMap.SelfTest;

namespace Pmoas.KernelTests.SockMap;

/// <summary>The self-test of redirection, on TCP, on redirected sockets, and on sockets that are redirected wrongly.</summary>
public sealed class SelfTestTests
{
    [Fact]
    public void every_property_holds_for_TCP()
    {
        Verdict[] verdicts = ScratchNetns.Run(_ => Properties.All.Select(SelfTestRun.Try).ToArray());
        Assert.Equal([], verdicts.Where(verdict => verdict.Seen is not null).Select(verdict => $"{verdict.Property.Name}: {verdict.Seen}"));
    }

    [Fact]
    public void what_is_required_holds_for_redirected_sockets_and_what_differs_is_told()
    {
        SelfTestReport report = SelfTestRun.Run(16 << 20, NullLogger.Instance);
        Assert.True(report.Allows, string.Join("; ", report.Verdicts));
        Assert.Equal(
            ["blocking_read", "rcvlowat", "splice", "unread_close"],
            report.Verdicts.Where(verdict => verdict.Seen is not null).Select(verdict => verdict.Property.Name).Order(StringComparer.Ordinal));
    }
}
