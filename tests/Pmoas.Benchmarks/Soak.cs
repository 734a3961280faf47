using System.Diagnostics;
using System.Globalization;
using System.Text;
using Pmoas.Host.Demo;

namespace Pmoas.Benchmarks;

/// <summary>
/// A day of a node in some minutes: requests by the million, pods that come and go, a configuration edited again and again. At the end every
/// counter is what was done, to the last one, nothing is left in the kernel's tables, and the daemon is as large as it was after the first rounds.
/// </summary>
internal sealed class Soak : IAsyncDisposable
{
    private const int KeptRequests = 9_000;
    private const int NewRequests = 1_000;
    private const int Pods = 10;
    private const int ConnectsOfAPod = 5;
    private const double Growth = 5e6;
    private static readonly string[] Tables = ["unaccepted", "legs", "totals", "totals_shared"];

    private readonly PodBed _bed;
    private readonly DaemonUnderTest _daemon;
    private readonly List<double> _resident = [];
    private int _connections;
    private int _pods;

    private Soak(PodBed bed, DaemonUnderTest daemon) => (_bed, _daemon) = (bed, daemon);

    /// <summary>Runs so many rounds of 10 000 requests, ten pods and a reload each.</summary>
    /// <returns>0 when all was exact and nothing grew.</returns>
    internal static async Task<int> RunAsync(int rounds)
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-bench" });
        await using Soak soak = new(bed, await DaemonUnderTest.StartAsync(bed, "artifacts/pmoas/plugins", Configuration(bed, -1)));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"soak: {rounds} rounds of {KeptRequests + NewRequests} requests, {Pods} pods and a reload"));
        Scrape? warm = null;
        int warmRounds = Math.Max(1, rounds / 10);
        long begun = Stopwatch.GetTimestamp();
        for (int round = 1; round <= rounds; round++)
        {
            await soak.RoundAsync(round);
            if (round == warmRounds)
            {
                warm = await soak.RestAsync();
                soak._resident.Clear();
            }

            if (round % warmRounds == 0)
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"  round {round}, {Stopwatch.GetElapsedTime(begun).TotalSeconds:0} s: {soak._connections} connections of callers, {soak._pods} pods, daemon {soak._daemon.ResidentBytes() / 1e6:0.0} MB"));
            }
        }

        return soak.Judge(warm!, await soak.RestAsync(), rounds) ? 0 : 1;
    }

    public ValueTask DisposeAsync() => _daemon.DisposeAsync();

    private async Task RoundAsync(int round)
    {
        Task<ExactTraffic> kept = ExactClient.RunAsync(_bed, _bed.SidecarUrl, KeptRequests, keepAlive: true, connections: 8);
        await _daemon.ApplyAsync(Configuration(_bed, round));
        for (int pod = 0; pod < Pods; pod++)
        {
            await LiveAsync(round, pod);
        }

        ExactTraffic fresh = await ExactClient.RunAsync(_bed, _bed.SidecarUrl, NewRequests, keepAlive: false, connections: 4);
        _connections += fresh.Connections + (await kept).Connections;
        string metrics = await _daemon.ScrapeAsync();
        double connected = Scrape.Parse(metrics).Sum("pmoas_accept_connected_total", ("namespace", "churn"), ("pod", PodName(round)), ("result", "ok"));
        if (connected != Pods * ConnectsOfAPod)
        {
            string all = string.Join('\n', metrics.Split('\n').Where(line => line.StartsWith("pmoas_accept_connected_total", StringComparison.Ordinal) || line.StartsWith("pmoas_containers", StringComparison.Ordinal)));
            throw new InvalidOperationException($"round {round}: its pods made {Pods * ConnectsOfAPod} connections, and {connected} were counted\n{all}");
        }

        _resident.Add(_daemon.ResidentBytes());
    }

    /// <summary>A container is made, connects to the service, and ends.</summary>
    private async Task LiveAsync(int round, int pod)
    {
        string cgroup = Cgroup(_bed, round, pod);
        PodCgroups.Create(Path.GetDirectoryName(cgroup)!, cgroup);
        try
        {
            string connects = $"for i in $(seq {ConnectsOfAPod}); do : </dev/tcp/127.0.0.1/{_bed.ServiceUrl.Port}; done";
            using BedContainer container = BedContainer.Start("churn", new ContainerCommand("", ["/bin/bash", "-c", connects]), _bed.PodNetns, cgroup, _bed.Plan.Directory);
            await container.ReapAsync();
            if (container.ExitCode != 0)
            {
                throw new InvalidOperationException($"a pod's container ended with {container.ExitCode}: {container.LogTail()}");
            }

            _pods++;
        }
        finally
        {
            await PodCgroups.RemoveAsync(cgroup);
        }
    }

    /// <summary>The metrics once every connection has ended and the ended containers are forgotten.</summary>
    private async Task<Scrape> RestAsync()
    {
        await _daemon.ApplyAsync(Configuration(_bed, -1));
        for (int attempt = 0; ; attempt++)
        {
            Scrape now = Scrape.Parse(await _daemon.ScrapeAsync());
            bool rests = now.Sum("pmoas_accept_open_connections") == 0 && !now.Find("pmoas_accept_connected_total", ("namespace", "churn")).Any();
            if (rests || attempt == 100)
            {
                return now;
            }

            await Task.Delay(100);
        }
    }

    private bool Judge(Scrape warm, Scrape end, int rounds)
    {
        double Of(string name, string container) => end.Sum($"pmoas_accept_{name}", ("container", container));
        double upstream = end.Sum("pmoas_accept_connected_total", ("container", PodBed.SidecarName), ("result", "ok"));
        int tenth = Math.Max(1, _resident.Count / 10);
        double before = _resident.Take(tenth).Median(), after = _resident.TakeLast(tenth).Median();
        (string What, double Expected, double Counted)[] books =
        [
            ("sidecar accepted", _connections, Of("accepted_total", PodBed.SidecarName)),
            ("service accepted", upstream + (_pods * ConnectsOfAPod), Of("accepted_total", PodBed.ServiceName)),
            ("sidecar closed", _connections + upstream, Of("closed_total", PodBed.SidecarName)),
            ("service closed", upstream + (_pods * ConnectsOfAPod), Of("closed_total", PodBed.ServiceName)),
            ("upstream connects told or counted as untold", upstream, Of("forward_seconds_count", PodBed.SidecarName) + Of("unpaired_total", PodBed.SidecarName)),
            ("still open", 0, end.Sum("pmoas_accept_open_connections")),
            ("lost", 0, end.Sum("pmoas_accept_lost_total")),
            ("containers missed", 0, end.Sum("pmoas_containers_missed_total")),
            ("plugin restarts", 0, end.Sum("pmoas_plugin_restarts_total")),
            ("pods", rounds * Pods, _pods),
            .. Tables.Select(table => ($"entries of {table}", warm.Sum("pmoas_map_entries", ("plugin", "accept"), ("map", table)), end.Sum("pmoas_map_entries", ("plugin", "accept"), ("map", table)))),
        ];
        bool exact = true;
        foreach ((string what, double expected, double counted) in books)
        {
            exact &= expected == counted;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {what}: {counted} of {expected}{(expected == counted ? "" : "  WRONG")}"));
        }

        bool flat = after - before <= Growth;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"  resident after the first rounds {before / 1e6:0.0} MB, in the last ones {after / 1e6:0.0} MB: {(after - before) / 1e6:+0.0;-0.0} MB (at most +{Growth / 1e6:0}){(flat ? "" : "  WRONG")}"));
        return exact && flat;
    }

    /// <summary>The plugins, a key that differs from round to round, and the containers that this round will make; below 0: none.</summary>
    private static string Configuration(PodBed bed, int round)
    {
        StringBuilder toml = new($"[daemon]\ncontainer_linger = \"{(round < 0 ? 0 : 30 + (round % 2))}s\"\n[plugins.accept]\n[plugins.resource_usage]\n");
        if (round >= 0)
        {
            IEnumerable<string> containers = Enumerable.Range(0, Pods).Select(pod => $"{{ name = \"client-{pod}\", cgroup = \"{Cgroup(bed, round, pod)}\" }}");
            toml.Append(CultureInfo.InvariantCulture, $"[[sources.static.pods]]\nnamespace = \"churn\"\nname = \"{PodName(round)}\"\ncontainers = [ {string.Join(", ", containers)} ]\n");
        }

        return toml.ToString();
    }

    /// <summary>Named as a runtime names a container's, so that the kernel tags it.</summary>
    private static string Cgroup(PodBed bed, int round, int pod) => string.Create(CultureInfo.InvariantCulture, $"/{bed.Name}/churn/{round:x32}{pod:x32}");

    private static string PodName(int round) => string.Create(CultureInfo.InvariantCulture, $"round-{round}");
}
