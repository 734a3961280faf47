using System.Globalization;
using Pmoas.Benchmarks;

switch (args)
{
    case ["ring"]:
        return RingBenchmark.Run();
    case ["chain"]:
        return await ChainBenchmark.RunAsync();
    case ["traces"]:
        return await TracesBenchmark.RunAsync();
    case ["programs", { } plugin]:
        return await ProgramsBenchmark.RunAsync(plugin);
    case ["daemon"]:
        return await DaemonBenchmark.RunAsync();
    case ["pods"]:
        return await DirectoryBenchmark.RunAsync();
    case ["cluster", { } seed, { } kubeconfig]: // started by pods, for itself
        return await GeneratedCluster.ServeAsync(new GeneratedPods(seed), kubeconfig);
    case ["usage"]:
        return await UsageBenchmark.RunAsync();
    case ["sockmap"]:
        return await SockMapBenchmark.RunAsync();
    case ["soak", { } rounds]:
        return await Soak.RunAsync(int.Parse(rounds, CultureInfo.InvariantCulture));
    default:
        Console.Error.WriteLine("""
            usage: Pmoas.Benchmarks ring|chain|traces|programs PLUGIN|daemon|pods|usage|sockmap|soak ROUNDS, in the repository's folder after make build
              ring    ns and bytes allocated per event: the managed ring reader against C readers of the same ring
              chain   requests per second of the demo chain: daemon without plugins and with each, and bpftrace (root)
              traces  CPU that the daemon takes for 1 and for 100 traced journeys a second (root)
              programs PLUGIN  where its cost is: runs and nanoseconds of each of its kernel programs for a request (root)
              daemon  time to ready, memory and CPU at rest (root)
              pods    the directory of pods with 500 pods of 3 containers: updates, memory, scrapes (root)
              usage   CPU that ResourceUsage takes for 500 containers, against open, read and close of the same files (root)
              sockmap redirected sockets against TCP, Unix sockets and a map of all connections; then a pod with and without (root)
              soak    no benchmark: rounds of 10 000 requests, ten pods and a reload; then every counter must be exact and memory flat (root)
            """);
        return 2;
}
