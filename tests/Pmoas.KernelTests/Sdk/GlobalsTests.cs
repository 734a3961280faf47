using Pmoas.Sdk.Bpf;

namespace Pmoas.KernelTests.Sdk;

public sealed class GlobalsTests : KernelTest
{
    [Fact]
    public void a_constant_set_before_load_is_what_the_program_reads()
    {
        BpfObject bpf = Load("globals", opened =>
        {
            opened.SetGlobal("step", 21u);
            opened.SetGlobal("doubled", true);
        });
        TestRun.Once(bpf.Program("add"));
        Assert.Equal(42ul, bpf.GetGlobal<ulong>("total"));
        Assert.Equal(21u, bpf.GetGlobal<uint>("step"));
    }

    [Fact]
    public void a_global_is_read_and_written_while_the_program_runs()
    {
        BpfObject bpf = Load("globals");
        Assert.Equal(40ul, bpf.GetGlobal<ulong>("starts_at"));
        TestRun.Once(bpf.Program("add"));
        Assert.Equal(1ul, bpf.GetGlobal<ulong>("total"));
        Assert.Equal(41ul, bpf.GetGlobal<ulong>("starts_at"));
        bpf.SetGlobal("total", 100ul);
        bpf.SetGlobal("starts_at", 7ul);
        TestRun.Once(bpf.Program("add"));
        Assert.Equal(101ul, bpf.GetGlobal<ulong>("total"));
        Assert.Equal(8ul, bpf.GetGlobal<ulong>("starts_at"));
    }

    [Fact]
    public void a_global_set_before_load_is_what_the_program_starts_with()
    {
        BpfObject bpf = Load("globals", opened => opened.SetGlobal("starts_at", 9ul));
        TestRun.Once(bpf.Program("add"));
        Assert.Equal(10ul, bpf.GetGlobal<ulong>("starts_at"));
    }

    [Fact]
    public void a_constant_cannot_be_set_after_load()
    {
        BpfObject bpf = Load("globals");
        BpfException e = Assert.Throws<BpfException>(() => bpf.SetGlobal("step", 2u));
        Assert.Equal("'step' of globals.bpf.o is a constant: set it before load", e.Message);
    }

    [Fact]
    public void a_global_of_another_size_is_refused()
    {
        BpfException e = Assert.Throws<BpfException>(() => Open("globals").SetGlobal("step", 2ul));
        Assert.Equal("global variable 'step' of globals.bpf.o has 4 bytes, UInt64 has 8", e.Message);
    }

    [Fact]
    public void an_unknown_global_is_named()
    {
        BpfException e = Assert.Throws<BpfException>(() => Open("globals").SetGlobal("stop", 2u));
        Assert.Equal("globals.bpf.o has no global variable 'stop', or nothing in it uses it", e.Message);
    }
}
