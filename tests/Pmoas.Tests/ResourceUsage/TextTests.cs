using System.Text;
using Pmoas.ResourceUsage.Cgroups;
using Pmoas.ResourceUsage.Network;

namespace Pmoas.Tests.ResourceUsage;

public sealed class TextTests
{
    [Theory]
    [InlineData("0\n", true, 0)]
    [InlineData("18446744073709551615\n", true, ulong.MaxValue)]
    [InlineData("42", true, 42)]
    [InlineData("max\n", false, 0)]
    [InlineData("-1\n", false, 0)]
    [InlineData("", false, 0)]
    [InlineData("12abc\n", false, 0)]
    public void a_number_is_digits_to_the_end_of_the_line(string text, bool isNumber, ulong value)
    {
        Assert.Equal(isNumber, CgroupText.TryNumber(Encoding.UTF8.GetBytes(text), out ulong read));
        Assert.Equal(value, isNumber ? read : 0);
    }

    [Theory]
    [InlineData("9223372036854771712\n", false)]
    [InlineData("9223372036854710272\n", false)]
    [InlineData("max\n", false)]
    [InlineData("268435456\n", true)]
    public void the_largest_multiple_of_a_page_is_no_limit(string text, bool isLimit) =>
        Assert.Equal(isLimit, CgroupText.TryLimit(Encoding.UTF8.GetBytes(text), out _));

    [Fact]
    public void keys_are_found_in_any_order_and_unknown_ones_are_passed_over()
    {
        ulong[] values = [1, 2, 3];
        uint found = CgroupText.Numbers("new 9\nb 20\nab 8\na 10\nc\n"u8, ["a"u8.ToArray(), "b"u8.ToArray(), "c"u8.ToArray()], values);
        Assert.Equal(0b011u, found);
        Assert.Equal([10, 20, 3], values);
    }

    [Fact]
    public void pressure_is_the_total_of_its_line()
    {
        ReadOnlySpan<byte> text = "some avg10=0.12 avg60=0.00 avg300=0.00 total=123\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=45\n"u8;
        Assert.True(CgroupText.TryPressure(text, "some"u8, out ulong some));
        Assert.True(CgroupText.TryPressure(text, "full"u8, out ulong full));
        Assert.Equal((123ul, 45ul), (some, full));
        Assert.False(CgroupText.TryPressure("some avg10=0.12\n"u8, "full"u8, out _));
    }

    [Fact]
    public void an_interface_is_read_whether_or_not_a_blank_follows_its_name()
    {
        Assert.True(InterfaceText.TryRead("  eth0: 100 2 3 4 5 6 7 8 900 10 11 12 13 14 15 16"u8, out ReadOnlySpan<byte> name, out InterfaceCounts counts));
        Assert.Equal("eth0", Encoding.UTF8.GetString(name));
        Assert.Equal(new InterfaceCounts(new Traffic(100, 2, 3, 4), new Traffic(900, 10, 11, 12)), counts);
        Assert.True(InterfaceText.TryRead("veth12345:12345678901 2 3 4 5 6 7 8 9 0 0 0 0 0 0 0"u8, out name, out counts));
        Assert.Equal(12345678901ul, counts.Received.Bytes);
        Assert.True(InterfaceText.TryRead("tunl0: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0"u8, out _, out counts) && counts.IsUnused);
        Assert.False(InterfaceText.TryRead("Inter-|   Receive                                                |  Transmit"u8, out _, out _));
        Assert.False(InterfaceText.TryRead(" face |bytes    packets errs drop fifo frame compressed multicast|bytes"u8, out _, out _));
        Assert.False(InterfaceText.TryRead("eth0: 1 2 3"u8, out _, out _));
    }

    [Fact]
    public void sockets_of_both_ip_versions_are_added()
    {
        SocketCounts counts = default;
        counts.Add("sockets: used 20\nTCP: inuse 5 orphan 99 tw 3 alloc 88 mem 77\nUDP: inuse 2 mem 1\nRAW: inuse 0\nFRAG: inuse 0 memory 0\n"u8);
        counts.Add("TCP6: inuse 4\nUDP6: inuse 1\n"u8);
        Assert.Equal((20ul, 9ul, 3ul, 3ul), (counts.All, counts.TcpInUse, counts.TcpTimeWait, counts.UdpInUse));
    }
}
