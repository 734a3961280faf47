using Pmoas.Benchmarks;

switch (args)
{
    case ["ring"]:
        return RingBenchmark.Run();
    default:
        Console.Error.WriteLine("usage: Pmoas.Benchmarks ring\n  ring  ns and bytes allocated per event: the managed ring reader against C readers of the same ring");
        return 2;
}
