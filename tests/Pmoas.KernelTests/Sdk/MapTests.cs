using System.Runtime.InteropServices;
using Pmoas.Sdk.Bpf;

namespace Pmoas.KernelTests.Sdk;

public sealed class MapTests : KernelTest
{
    private const int Entries = 10_000;
    private const ulong SumOfKeys = (ulong)Entries * (Entries - 1) / 2;

    [Fact]
    public void a_value_is_written_read_and_removed()
    {
        BpfMap map = Load("globals").Map("shared");
        Assert.False(map.TryGet(3u, out ulong value));
        map.Set(3u, 33ul);
        map.Set(4u, 44ul);
        Assert.True(map.TryGet(3u, out value));
        Assert.Equal(33ul, value);
        Assert.Equal(2, map.CountEntries());
        Assert.True(map.Remove(3u));
        Assert.False(map.Remove(3u));
        Assert.Equal(1, map.CountEntries());
    }

    [Fact]
    public void a_wrong_size_is_refused_before_the_kernel_could_write_beyond_it()
    {
        BpfMap map = Load("globals").Map("shared");
        ArgumentException e = Assert.Throws<ArgumentException>(() => map.TryGet(3u, out uint _));
        Assert.Equal("map shared has keys of 4 and values of 8 bytes, the types given have 4 and 4", e.Message);
    }

    [Fact]
    public void a_full_map_says_that_it_is_full()
    {
        BpfMap map = Load("globals", opened => opened.Map("shared").MaxEntries = 2).Map("shared");
        map.Set(1u, 1ul);
        map.Set(2u, 1ul);
        BpfException e = Assert.Throws<BpfException>(() => map.Set(3u, 1ul));
        Assert.StartsWith("write map shared of 2 entries: E2BIG", e.Message);
    }

    [Fact]
    public void two_objects_share_a_map()
    {
        BpfObject first = Load("globals", opened => opened.SetGlobal("step", 5u));
        BpfObject second = Load("globals", opened =>
        {
            opened.SetGlobal("step", 300u);
            opened.Map("shared").Reuse(first.Map("shared"));
        });
        TestRun.Once(first.Program("add"));
        TestRun.Once(second.Program("add"));
        Assert.True(first.Map("shared").TryGet(7u, out ulong value));
        Assert.Equal(305ul, value);
        first.Dispose();
        TestRun.Once(second.Program("add"));
        Assert.True(second.Map("shared").TryGet(7u, out value));
        Assert.Equal(605ul, value);
        Assert.True(second.Btf.TryMapValue("waits", out BtfStruct? waits));
        Assert.Equal("pmoas_histogram", waits.Name);
    }

    [Fact]
    public void a_map_of_another_shape_is_not_shared()
    {
        BpfObject first = Load("globals");
        BpfException e = Assert.Throws<BpfException>(() => Open("maps").Map("hash").Reuse(first.Map("shared")));
        Assert.Equal("map hash cannot stand for shared: Hash, key 4, value 12 bytes here; Hash, key 4, value 8 bytes there", e.Message);
    }

    [Theory]
    [InlineData("hash")]
    [InlineData("array")]
    [InlineData("percpu_hash")]
    public void every_entry_of_a_large_map_is_read_once(string name)
    {
        BpfObject bpf = Load("maps");
        int cpus = TestRun.OnEveryCpu(bpf.Program("fill"));
        MapReader reader = new(bpf.Map(name));
        for (int round = 0; round < 2; round++)
        {
            HashSet<uint> keys = [];
            ulong keySum = 0;
            ulong visits = 0;
            reader.Read((key, values, stride) =>
            {
                Assert.True(keys.Add(MemoryMarshal.Read<uint>(key)));
                for (int offset = 0; offset < values.Length; offset += stride)
                {
                    Odd one = MemoryMarshal.Read<Odd>(values[offset..]);
                    keySum += one.A;
                    visits += one.B;
                    Assert.True(one.B == 0 || one.C == MemoryMarshal.Read<uint>(key));
                }
            });
            Assert.Equal(Entries, keys.Count);
            Assert.Equal(SumOfKeys * (ulong)cpus, keySum);
            Assert.Equal((ulong)Entries * (ulong)cpus, visits);
        }
    }

    [Fact]
    public void a_per_cpu_array_of_one_entry_is_read()
    {
        BpfObject bpf = Load("maps", opened => opened.SetGlobal("entries", 0u));
        int cpus = TestRun.OnEveryCpu(bpf.Program("fill"));
        int read = 0;
        uint sum = 0;
        new MapReader(bpf.Map("percpu_array")).Read((_, values, stride) =>
        {
            read++;
            Assert.Equal(16, stride);
            for (int offset = 0; offset < values.Length; offset += stride)
            {
                sum += MemoryMarshal.Read<uint>(values[offset..]);
            }
        });
        Assert.Equal(1, read);
        Assert.Equal(5u * (uint)cpus, sum);
    }

    [Fact]
    public void an_empty_map_is_read_without_an_entry()
    {
        BpfObject bpf = Load("maps");
        new MapReader(bpf.Map("hash")).Read((_, _, _) => Assert.Fail("there is no entry"));
    }

    [Fact]
    public void a_second_read_allocates_nothing()
    {
        BpfObject bpf = Load("maps");
        TestRun.Once(bpf.Program("fill"));
        MapReader reader = new(bpf.Map("percpu_hash"));
        int entries = 0;
        MapEntryHandler count = (_, _, _) => entries++;
        reader.Read(count);
        long before = GC.GetAllocatedBytesForCurrentThread();
        reader.Read(count);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(2 * Entries, entries);
    }

    [Fact]
    public void a_kind_without_batches_is_read_one_by_one()
    {
        BpfObject bpf = Load("maps");
        TestRun.Once(bpf.Program("fill"));
        MapReader reader = new(bpf.Map("hash"), batches: false);
        uint sum = 0;
        int entries = 0;
        reader.Read((key, values, _) =>
        {
            entries++;
            sum += MemoryMarshal.Read<Odd>(values).B;
        });
        Assert.Equal(Entries, entries);
        Assert.Equal((uint)Entries, sum);
    }

    /// <summary><c>struct odd</c>.</summary>
    private struct Odd
    {
        public uint A;
        public uint B;
        public uint C;
    }
}
