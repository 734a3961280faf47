using System.Globalization;
using Pmoas.Host.Demo;

namespace Pmoas.KernelTests.Accept;

/// <summary>
/// Sidecars that know which request each of their connects is for: what the forward histogram claims must be true, and what cannot be
/// known must be said to be unknown.
/// </summary>
public sealed class PairingTruthTests
{
    private const int Clients = 8;
    private const int RequestsEach = 30;

    /// <summary>Seconds by which the program may look at its clock late, where the machine is emulated.</summary>
    private static readonly double Late = Patience.IsLong ? Patience.Of(TimeSpan.FromMilliseconds(1)).TotalSeconds : 0;

    /// <summary>Milliseconds the sidecar waits before it connects, each in the middle of a bucket and far from the others.</summary>
    private static readonly int[] Delays = [0, 6, 24, 96];

    [Theory]
    [InlineData("loop", 1)]
    [InlineData("pool", 2)]
    [InlineData("pool", 8)]
    [InlineData("thread", 0)]
    [InlineData("again", 0)]
    [InlineData("ahead", 1)]
    public async Task a_request_is_never_given_the_delay_of_another(string mode, int threads)
    {
        await using PodBed bed = await StartAsync(mode, threads);
        await using Watched watched = await Watched.StartAsync(bed);

        await SendAsync(bed, Clients, RequestsEach);
        const int Requests = Clients * RequestsEach;
        Samples s = await watched.ScrapeWhenClosedAsync(PodBed.SidecarName, 2 * Requests);

        double[] truth = [.. Truth(bed)];
        Assert.Equal(Requests, truth.Length);
        Assert.Equal(Requests, s.Sidecar("accepted_total"));
        Assert.Equal(Requests, s.Sidecar("connected_total", "result=\"ok\""));
        Assert.Equal(Requests, s.Sidecar("forward_seconds_count") + s.Unpaired("ambiguous") + s.Unpaired("no_request"));
        AssertTrue(s, truth);
        if (mode == "thread")
        {
            Assert.Equal(Requests, s.Sidecar("forward_seconds_count"));
        }
    }

    [Theory]
    [InlineData("loop", 1)]
    [InlineData("pool", 4)]
    [InlineData("thread", 0)]
    [InlineData("again", 0)]
    public async Task every_request_is_paired_when_they_come_one_by_one(string mode, int threads)
    {
        await using PodBed bed = await StartAsync(mode, threads);
        await using Watched watched = await Watched.StartAsync(bed);

        await SendAsync(bed, 1, RequestsEach);
        Samples s = await watched.ScrapeWhenClosedAsync(PodBed.SidecarName, 2 * RequestsEach);

        double[] truth = [.. Truth(bed)];
        Assert.Equal(RequestsEach, s.Sidecar("forward_seconds_count"));
        // Above the truth by what AssertTrue explains: the time between the return of accept() and the look at the clock.
        Assert.InRange(s.Sidecar("forward_seconds_sum"), truth.Sum(), truth.Sum() * 1.5);
        AssertTrue(s, truth);
    }

    private static Task<PodBed> StartAsync(string mode, int threads) => PodBed.StartAsync(new PodBedOptions
    {
        Prefix = "pmoas-test",
        Sidecar = _ => new ContainerCommand("truth", [InPod.Program("sidecar"), mode, threads.ToString(CultureInfo.InvariantCulture)]),
    });

    /// <summary>So many clients at the same time, each one request after the other.</summary>
    private static Task<int[]> SendAsync(PodBed bed, int clients, int requests) => Task.WhenAll(Enumerable.Range(0, clients).Select(client =>
        bed.ClientNetns.RunAsync(() =>
        {
            for (int request = 0; request < requests; request++)
            {
                using ExactConnection connection = new(new Uri(bed.SidecarUrl, $"d{Delays[(client + request) % Delays.Length]}"));
                connection.Request(close: true);
            }

            return requests;
        })));

    /// <summary>Seconds from accept to connect of each request, as the sidecar wrote them.</summary>
    private static IEnumerable<double> Truth(PodBed bed) => File.ReadLines(Path.Combine(bed.Plan.Directory, $"{PodBed.SidecarName}.log"))
        .Select(line => long.Parse(line, CultureInfo.InvariantCulture) * 1e-9);

    /// <summary>No bucket from 2^21 ns on holds more than it truly should: below, the clocks of program and kernel differ by too much.</summary>
    private static void AssertTrue(Samples s, double[] truth)
    {
        List<string> lies = [];
        double wrong = 0;
        for (int shift = 21; shift < 30; shift++)
        {
            double low = (1L << shift) * 1e-9, high = (1L << (shift + 1)) * 1e-9;
            double claimed = s.Sidecar("forward_seconds_bucket", Le(high)) - s.Sidecar("forward_seconds_bucket", Le(low));
            int could = truth.Count(t => t > (low * 0.98) - Late && t <= high * 1.001);
            if (claimed > could)
            {
                wrong += claimed - could;
                lies.Add($"{claimed} of {could} in {low * 1e3:0.0} to {high * 1e3:0.0} ms");
            }
        }

        // The program reads its clock after accept() has returned; a thread that lost its CPU in between was truly that late, by the kernel's
        // clock only. That befalls single requests on a busy machine; a pairing that is wrong is wrong for dozens.
        Assert.True(wrong <= Math.Max(2, truth.Length * 0.02), $"{string.Join(", ", lies)}: {s.All(PodBed.SidecarName)}");
    }

    private static string Le(double seconds) => $"le=\"{seconds.ToString(CultureInfo.InvariantCulture)}\"";
}
