using System.Runtime.CompilerServices;
using Pmoas.Sdk.Bpf;

namespace Pmoas.KernelTests.Sdk;

public sealed class BtfTests : KernelTest
{
    [Fact]
    public void a_struct_is_described_member_by_member()
    {
        Assert.True(Open("globals").Btf.TryStruct("shape", out BtfStruct? shape));
        Assert.Equal(496, shape.Size);
        Assert.Equal(
            [
                new BtfMember("id", 0, 8, "__u64", 1),
                new BtfMember("delta", 8, 12, "__s32", 3),
                new BtfMember("port", 20, 2, "__u16", 1),
                new BtfMember("comm", 22, 16, "char", 16),
                new BtfMember("wait", 40, 448, "pmoas_histogram", 1),
                new BtfMember("next", 488, 8, "*", 1),
            ],
            shape.Members);
    }

    [Fact]
    public void the_value_of_a_map_is_described()
    {
        Btf btf = Open("globals").Btf;
        Assert.True(btf.TryMapValue("waits", out BtfStruct? waits));
        Assert.Equal(("pmoas_histogram", 448), (waits.Name, waits.Size));
        Assert.Equal([new BtfMember("slots", 0, 448, "pmoas_histogram_slot", 28)], waits.Members);
        Assert.False(btf.TryMapValue("shared", out _)); // a __u64
        Assert.False(btf.TryMapValue("absent", out _));
    }

    [Fact]
    public void event_structs_are_found_by_their_mark()
    {
        Assert.Equal(["shape"], Open("globals").Btf.EventStructs);
        Assert.Equal(["ring_event"], Open("ring").Btf.EventStructs);
        Assert.Empty(Open("maps").Btf.EventStructs);
    }

    [Fact]
    public void a_faithful_mirror_passes() => BtfLayout.Verify<Shape>(Open("globals"));

    [Fact]
    public void every_difference_of_a_wrong_mirror_is_listed()
    {
        BpfException e = Assert.Throws<BpfException>(() => BtfLayout.Verify<Wrong.Shape>(Open("globals")));
        Assert.Equal(
            "Shape != struct shape: size: C 496, C# 16; port@20+2 vs Port@8+4; Colour@12+1 is not in C; delta@8+12 is not in C#; "
            + "comm@22+16 is not in C#; wait@40+448 is not in C#; next@488+8 is not in C#",
            e.Message);
    }

    [Fact]
    public void a_mirror_of_nothing_is_told_what_to_do()
    {
        BpfException e = Assert.Throws<BpfException>(() => BtfLayout.Verify<Shape>(Open("ring")));
        Assert.Equal("Shape has no struct shape in the object: mark it PMOAS_EVENT(shape) or use it in a map", e.Message);
    }

    private static class Wrong
    {
        internal struct Shape
        {
            public ulong Id;
            public uint Port;
            public bool Colour;
        }
    }

    /// <summary><c>struct shape</c> (bpf/globals.bpf.c).</summary>
    private struct Shape
    {
        public ulong Id;
        public Delta Delta;
        public ushort Port;
        public Comm Comm;
        public Wait Wait;
        public ulong Next;
    }

    [InlineArray(3)]
    private struct Delta
    {
        private int _element;
    }

    [InlineArray(16)]
    private struct Comm
    {
        private byte _element;
    }

    [InlineArray(56)]
    private struct Wait
    {
        private ulong _element;
    }
}
