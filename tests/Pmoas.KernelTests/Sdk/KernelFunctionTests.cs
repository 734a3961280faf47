using System.Globalization;
using Pmoas.Sdk.Bpf;

namespace Pmoas.KernelTests.Sdk;

/// <summary>Functions of the running kernel, by name and by address.</summary>
public sealed class KernelFunctionTests : KernelTest
{
    [Theory]
    [InlineData("ip_rcv", 0)]
    [InlineData("ip_output", 2)]
    [InlineData("fib_table_lookup", -1)]
    public void the_argument_that_is_a_packet_is_found(string name, int argument)
    {
        Assert.True(KernelFunction.TryFind(name, out KernelFunction? function));
        Assert.Equal((name, argument), (function.Name, function.ArgumentOf("sk_buff")));
        Assert.Null(function.Module);
    }

    [Fact]
    public void what_is_not_there_is_not_found() => Assert.False(KernelFunction.TryFind("no_such_function", out _));

    /// <summary>The type information of a module goes on where the kernel's ends.</summary>
    [Fact]
    [OnEveryKernel]
    public void a_function_of_a_module_is_found_with_its_module()
    {
        Assert.SkipUnless(File.Exists("/sys/kernel/btf/veth"), "veth is no module of this kernel");
        Assert.True(KernelFunction.TryFind("veth_xmit", out KernelFunction? function));
        Assert.Equal(("veth", 0), (function.Module, function.ArgumentOf("sk_buff")));
    }

    [Fact]
    public void an_address_is_the_function_it_is_in()
    {
        string line = File.ReadLines("/proc/kallsyms").First(line => line.EndsWith(" T ip_rcv", StringComparison.Ordinal));
        ulong address = ulong.Parse(line.Split(' ')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        var symbols = KernelSymbols.Read();

        Assert.Equal("ip_rcv+0x0", symbols.NameOf(address));
        Assert.Equal("ip_rcv+0x5", symbols.NameOf(address + 5));
        Assert.Equal("0x1", symbols.NameOf(1));
    }
}
