using System.Net;
using System.Text;
using Pmoas.Host.Live;
using Pmoas.Sdk.Live;
using Pmoas.Sdk.Pods;
using Pmoas.Tests.Metrics;

namespace Pmoas.Tests.Live;

/// <summary>What <c>pmoas monitor</c> shows of a stream whose plugin looks at no condition itself.</summary>
public sealed class EventConditionTests
{
    [Fact]
    public void without_conditions_all_is_shown() => Assert.Equal(4, Shown(LiveConditions.None).Length);

    [Fact]
    public void either_end_may_have_the_address() => Assert.Equal(["first", "third"], Shown(new LiveConditions { Address = IPAddress.Parse("10.0.0.1") }));

    [Fact]
    public void either_end_may_have_the_port() => Assert.Equal(["first", "second"], Shown(new LiveConditions { Port = 8081 }));

    [Fact]
    public void address_and_port_may_be_of_different_ends() =>
        Assert.Equal(["first"], Shown(new LiveConditions { Address = IPAddress.Parse("10.0.0.1"), Port = 8081 }));

    [Fact]
    public void a_phase_is_wanted_by_its_name() => Assert.Equal(["third"], Shown(new LiveConditions { Phase = "close" }));

    [Fact]
    public void one_duration_has_to_be_long_enough() => Assert.Equal(["second"], Shown(new LiveConditions { MinDuration = TimeSpan.FromMicroseconds(5) }));

    [Fact]
    public void all_conditions_have_to_hold() => Assert.Empty(Shown(new LiveConditions { Port = 8081, Phase = "close" }));

    /// <summary>Names of the events that are shown.</summary>
    private static string[] Shown(LiveConditions conditions)
    {
        PodContainers containers = new();
        containers.Run(PodContainers.Make(1, "proxy", Role.Sidecar));
        using MemoryStream output = new();
        using LiveJson live = new(new LiveFilter { Conditions = conditions }, containers, output);
        Write(live, "first", "10.0.0.1:40000", "127.0.0.1:8081", "data", 1000);
        Write(live, "second", "[::1]:8081", "[::1]:40000", "data", 5000);
        Write(live, "third", "10.0.0.2:80", "10.0.0.1:443", "close", 4999);
        live.Begin(1, "fourth");
        live.Container(1);
        live.Number("bytes", 8081);
        live.End();
        live.Flush();
        return [.. Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => System.Text.Json.JsonDocument.Parse(line).RootElement.GetProperty("event").GetString()!)];
    }

    private static void Write(LiveJson live, string what, string from, string to, string phase, ulong took)
    {
        live.Begin(1, what);
        live.Container(1);
        live.Text("from", from);
        live.Text("to", to);
        live.Text("phase", phase);
        live.Duration("took", took);
        live.End();
    }
}
