using System.Globalization;
using Pmoas.Host.Exposition;
using Pmoas.Sdk.Metrics;

namespace Pmoas.Tests.Metrics;

public sealed class HistogramFieldTests
{
    private readonly Instruments _instruments = new();
    private readonly KernelEntry _entry = new();
    private KernelValue _value;
    private ulong[] _exported;
    private readonly string[] _labels = ["lab", "chain", "proxy", "sidecar", ""];

    public HistogramFieldTests() => (_value, _exported) = Export("lab", KernelEntry.Defs);

    [Fact]
    public async Task every_bound_and_the_value_above_it_fall_into_their_own_buckets()
    {
        for (int shift = 10; shift <= 36; shift++)
        {
            _entry.Wait(0, 1UL << shift);
            _entry.Wait(1, (1UL << shift) + 1);
        }

        Advance();

        // Each bucket gains two but the first: a bound belongs to the bucket it ends, the value above it to the next.
        long[] expected = [.. Enumerable.Range(0, 27).Select(slot => (slot * 2L) + 1), 54];
        Assert.Equal(expected, await Buckets());
    }

    [Theory]
    [InlineData(1 - 5e-10)]
    [InlineData(1 + 5e-10)]
    public async Task rounding_moves_no_value_over_a_bound(double off)
    {
        HistogramDef rounded = new("pmoas_rounded_seconds", "Rounded.", Label.Container)
        {
            Field = "queue",
            Scale = 1e-9,
            Buckets = [.. Sdk.Metrics.Buckets.Log2Nanoseconds.Select(bound => bound * off)],
        };
        (_value, _exported) = Export("rounded", [rounded]);
        foreach (ulong wait in new[] { 1UL << 36, (1UL << 35) + 1, 1UL << 35 })
        {
            // One at a time: the mean of two is far from any bound.
            _entry.Wait(0, wait);
            Advance();
        }

        long[] buckets = await Buckets("pmoas_rounded_seconds");
        Assert.Equal([0, 1, 3, 3], buckets[^4..]);
    }

    [Fact]
    public async Task the_sum_is_the_kernels()
    {
        ulong sum = 0;
        for (ulong i = 0; i < 1000; i++)
        {
            ulong wait = 700 + (i * i * 13);
            _entry.Wait((int)(i % 2), wait);
            sum += wait;
            if (i % 100 == 0)
            {
                Advance();
            }
        }

        Advance();
        Assert.Equal("1000", await Value("_count"));
        Assert.Equal(sum * 1e-9, double.Parse((await Value("_sum"))!, CultureInfo.InvariantCulture), 1e-12);
    }

    [Fact]
    public async Task a_value_read_before_its_sum_was_added_keeps_its_bucket_and_the_sum_comes_right_with_the_next()
    {
        _entry.Slot(0, 3, 1, 0);
        Advance();
        Assert.Equal(Cumulative(slot: 3, 1), await Buckets());
        _entry.Slot(0, 3, 0, 5000);
        _entry.Slot(0, 3, 1, 7000);
        Advance();
        Assert.Equal(Cumulative(slot: 3, 2), await Buckets());
        Assert.Equal(12000e-9, double.Parse((await Value("_sum"))!, CultureInfo.InvariantCulture), 1e-15);
    }

    [Fact]
    public async Task a_sum_read_before_its_value_was_counted_waits_for_it()
    {
        _entry.Slot(0, 3, 0, 5000);
        Advance();
        Assert.Equal("0", await Value("_count"));
        Assert.Equal("0", await Value("_sum"));
        _entry.Slot(0, 3, 1, 0);
        Advance();
        Assert.Equal(Cumulative(slot: 3, 1), await Buckets());
        Assert.Equal(5000e-9, double.Parse((await Value("_sum"))!, CultureInfo.InvariantCulture), 1e-15);
    }

    [Fact]
    public async Task a_histogram_made_anew_counts_from_0()
    {
        _entry.Wait(0, 5000);
        _entry.Wait(0, 5000);
        Advance();
        _entry.MakeAnew();
        _entry.Wait(1, 6000);
        Advance();
        Assert.Equal("3", await Value("_count"));
        Assert.Equal(16000e-9, double.Parse((await Value("_sum"))!, CultureInfo.InvariantCulture), 1e-15);
    }

    private (KernelValue Value, ulong[] NothingExported) Export(string plugin, IReadOnlyList<MetricDef> defs)
    {
        PluginInstruments instruments = _instruments.Register(plugin, defs);
        var map = new ExportedMap("counters", KernelEntry.Struct, PerContainer: true);
        KernelValue value = new([.. ExportPlan.Make(plugin, [map], defs)[0].Fields.Select(field => FieldExport.Of(field, instruments))]);
        return (value, value.NothingExported());
    }

    private static long[] Cumulative(int slot, long count) => [.. Enumerable.Range(0, 28).Select(le => le < slot ? 0 : count)];

    private void Advance()
    {
        // The series is there before the first value, as it is for a container.
        _value.Begin(_labels);
        _entry.ReadBy((_, values, stride) => _value.Advance(values, stride, _exported, _labels), 1);
    }

    private Task<string?> Value(string suffix) =>
        Exposed.ValueAsync(_instruments, $"pmoas_lab_queue_seconds{suffix}{{namespace=\"lab\",pod=\"chain\",container=\"proxy\",role=\"sidecar\"}}");

    private async Task<long[]> Buckets(string metric = "pmoas_lab_queue_seconds") =>
    [
        .. (await Exposed.LinesAsync(_instruments)).Where(line => line.StartsWith(metric + "_bucket", StringComparison.Ordinal))
            .Select(line => long.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture)),
    ];
}
