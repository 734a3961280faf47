using System.Globalization;
using Pmoas.Host.Exposition;
using Pmoas.Sdk.Metrics;

namespace Pmoas.Tests.Metrics;

public sealed class HistogramFieldTests
{
    private readonly Instruments _instruments = new();
    private readonly KernelEntry _entry = new();
    private readonly KernelValue _value;
    private readonly ulong[] _exported;
    private readonly string[] _labels = ["lab", "chain", "proxy", "sidecar", ""];

    public HistogramFieldTests()
    {
        PluginInstruments plugin = _instruments.Register("lab", KernelEntry.Defs);
        IReadOnlyList<ExportedField> fields =
            ExportPlan.Make("plugin lab", [new ExportedMap("counters", KernelEntry.Struct, true)], KernelEntry.Defs)[0].Fields;
        _value = new KernelValue([.. fields.Select(field => FieldExport.Of(field, plugin))]);
        _exported = _value.NothingExported();
    }

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

    private static long[] Cumulative(int slot, long count) => [.. Enumerable.Range(0, 28).Select(le => le < slot ? 0 : count)];

    private void Advance()
    {
        // The series is there before the first value, as it is for a container.
        _value.Begin(_labels);
        _entry.ReadBy((_, values, stride) => _value.Advance(values, stride, _exported, _labels), 1);
    }

    private Task<string?> Value(string suffix) =>
        Exposed.ValueAsync(_instruments, $"pmoas_lab_queue_seconds{suffix}{{namespace=\"lab\",pod=\"chain\",container=\"proxy\",role=\"sidecar\"}}");

    private async Task<long[]> Buckets() =>
    [
        .. (await Exposed.LinesAsync(_instruments)).Where(line => line.StartsWith("pmoas_lab_queue_seconds_bucket", StringComparison.Ordinal))
            .Select(line => long.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture)),
    ];
}
