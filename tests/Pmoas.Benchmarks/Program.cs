using Pmoas.Benchmarks;

switch (args)
{
    case ["ring"]:
        return RingBenchmark.Run();
    case ["chain"]:
        return await ChainBenchmark.RunAsync();
    case ["daemon"]:
        return await DaemonBenchmark.RunAsync();
    default:
        Console.Error.WriteLine("""
            usage: Pmoas.Benchmarks ring|chain|daemon, in the repository's folder after make build
              ring    ns and bytes allocated per event: the managed ring reader against C readers of the same ring
              chain   requests per second of the demo chain: daemon off, NoOp, Accept, ResourceUsage (root)
              daemon  time to ready, memory and CPU at rest (root)
            """);
        return 2;
}
