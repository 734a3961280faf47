using System.Net;
using System.Runtime.CompilerServices;
using Pmoas.StackTrace;

namespace Pmoas.Tests.StackTrace;

/// <summary>A request's journeys through a sidecar and back, whichever of them are known.</summary>
public sealed class ExchangeTests
{
    private const byte Inside = 0, Outside = 1, Request = 0, Response = 1;

    private static readonly JourneyEvent
        s_asked = Make(Outside, Request, "10.0.0.1:4000", "10.0.0.2:80", 100, 110),
        s_forwarded = Make(Inside, Request, "127.0.0.1:5000", "127.0.0.1:8080", 130, 140),
        s_answered = Make(Inside, Response, "127.0.0.1:8080", "127.0.0.1:5000", 200, 210),
        s_returned = Make(Outside, Response, "10.0.0.2:80", "10.0.0.1:4000", 250, 255);

    [Fact]
    public void between_journeys_sidecar_and_service_have_it()
    {
        Exchange exchange = new([s_returned, s_answered, s_forwarded, s_asked]);

        Assert.Equal(["outside request", "inside request", "inside response", "outside response"], exchange.Journeys.Select(journey => Exchange.NameOf(journey)));
        Assert.Equal((100UL, 255UL), exchange.Time);
        Assert.Equal([("sidecar", 110UL, 130UL), ("service", 140UL, 200UL), ("sidecar", 210UL, 250UL)], exchange.Between);
    }

    [Fact]
    public void what_the_service_asks_for_goes_out_and_comes_back()
    {
        Exchange exchange = new(
        [
            Make(Inside, Request, "127.0.0.1:5000", "127.0.0.1:15001", 100, 110), Make(Outside, Request, "10.0.0.2:6000", "10.0.0.9:443", 130, 140),
            Make(Outside, Response, "10.0.0.9:443", "10.0.0.2:6000", 200, 210), Make(Inside, Response, "127.0.0.1:15001", "127.0.0.1:5000", 250, 255),
        ]);

        Assert.Equal([("sidecar", 110UL, 130UL), ("upstream", 140UL, 200UL), ("sidecar", 210UL, 250UL)], exchange.Between);
    }

    [Fact]
    public void where_a_journey_is_missing_nobody_is_blamed_for_its_time()
    {
        Assert.Equal([("sidecar and upstream", 110UL, 250UL)], new Exchange([s_asked, s_returned]).Between);
        Assert.Equal([("sidecar", 210UL, 250UL)], new Exchange([s_asked, s_answered, s_returned]).Between);
        Assert.Equal([("sidecar", 110UL, 130UL)], new Exchange([s_asked, s_forwarded, s_returned]).Between);
    }

    [Fact]
    public void it_is_whole_when_the_one_who_asked_is_answered()
    {
        Assert.False(Exchange.IsWhole([s_asked]));
        Assert.False(Exchange.IsWhole([s_asked, s_forwarded, s_answered]));
        Assert.True(Exchange.IsWhole([s_asked, s_forwarded, s_answered, s_returned]));
        Assert.True(Exchange.IsWhole([s_asked, s_returned]));
        Assert.True(Exchange.IsWhole([Make(Outside, Request, "10.0.0.1:4000", "10.0.0.2:80", 100, 110, exchange: 0)]));

        // A gateway, whose both legs are outside.
        Assert.False(Exchange.IsWhole([s_asked, Make(Outside, Request, "10.0.0.2:6000", "10.0.0.9:443", 130, 140), Make(Outside, Response, "10.0.0.9:443", "10.0.0.2:6000", 200, 210)]));
    }

    /// <summary>As the kernel would tell it.</summary>
    private static JourneyEvent Make(byte leg, byte direction, string from, string to, ulong began, ulong ended, ulong exchange = 3)
    {
        JourneyEvent made = default;
        StageTimes at = default;
        at[2] = began;
        at[5] = ended;
        Unsafe.AsRef(in made.At) = at;
        Unsafe.AsRef(in made.Exchange) = exchange;
        (IPEndPoint source, IPEndPoint destination) = (IPEndPoint.Parse(from), IPEndPoint.Parse(to));
        Unsafe.AsRef(in made.SourceAddress) = JourneyAddress.Of(source.Address);
        Unsafe.AsRef(in made.DestinationAddress) = JourneyAddress.Of(destination.Address);
        Unsafe.AsRef(in made.SourcePort) = (ushort)source.Port;
        Unsafe.AsRef(in made.DestinationPort) = (ushort)destination.Port;
        Unsafe.AsRef(in made.Leg) = leg;
        Unsafe.AsRef(in made.Direction) = direction;
        return made;
    }
}
