using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Pmoas.Host.Config;

namespace Pmoas.Tests.Config;

public sealed class TomlBinderTests
{
    public enum Shade
    {
        DarkBlue,
        Green,
    }

    public sealed class Inner
    {
        public string Name { get; set; } = "unset";
    }

    public sealed class Sample
    {
        public string Text { get; set; } = "";
        public bool Yes { get; set; }
        public int Small { get; set; }
        public long Large { get; set; }
        public uint Natural { get; set; }
        public double Real { get; set; }
        public Shade Shade { get; set; }
        public Shade? Maybe { get; set; }
        public TimeSpan FloorOfWait { get; set; } = TimeSpan.FromSeconds(1);
        public IReadOnlyList<string> Words { get; set; } = [];
        public int[] Numbers { get; set; } = [];
        public IReadOnlyList<Inner> Inners { get; set; } = [];
        public Inner One { get; set; } = new();
        public Dictionary<string, string> Map { get; set; } = [];
        public int Derived => Small * 2;
    }

    public sealed class Limited
    {
        [Range(1, 10)]
        public int Low { get; set; } = 1;

        [Range(1, 10)]
        public int High { get; set; } = 10;

        [Required]
        public string? Name { get; set; }
    }

    public sealed class LowBelowHigh : IValidateOptions<Limited>
    {
        public ValidateOptionsResult Validate(string? name, Limited options)
        {
            ValidateOptionsResultBuilder result = new();
            if (options.Low > options.High)
            {
                result.AddError($"{options.Low} is above high, {options.High}", nameof(Limited.Low));
                result.AddError("low and high are swapped");
            }
            return result.Build();
        }
    }

    [Fact]
    public void binds_every_kind_of_value()
    {
        Sample sample = Bind<Sample>("""
            text = "a b"
            yes = true
            small = -31
            large = 9_000_000_000
            natural = 4294967295
            real = 1
            shade = "dark_blue"
            maybe = "green"
            floor_of_wait = "50us"
            words = ["a", "b"]
            numbers = [1, 2]
            inners = [{ name = "x" }, {}]
            one.name = "y"
            [map]
            "a.b/c" = "d"
            """, out List<ConfigError> errors);

        Assert.Empty(errors);
        Assert.Equal("a b", sample.Text);
        Assert.True(sample.Yes);
        Assert.Equal(-31, sample.Small);
        Assert.Equal(9_000_000_000, sample.Large);
        Assert.Equal(uint.MaxValue, sample.Natural);
        Assert.Equal(1.0, sample.Real);
        Assert.Equal(Shade.DarkBlue, sample.Shade);
        Assert.Equal(Shade.Green, sample.Maybe);
        Assert.Equal(TimeSpan.FromMicroseconds(50), sample.FloorOfWait);
        Assert.Equal(["a", "b"], sample.Words);
        Assert.Equal([1, 2], sample.Numbers);
        Assert.Equal(["x", "unset"], sample.Inners.Select(i => i.Name));
        Assert.Equal("y", sample.One.Name);
        Assert.Equal("d", sample.Map["a.b/c"]);
    }

    [Fact]
    public void what_is_left_out_keeps_its_default() => Assert.Equal(TimeSpan.FromSeconds(1), Bind<Sample>("", out _).FloorOfWait);

    [Theory]
    [InlineData("small = 3000000000", "f:1:1: small: 3000000000 is out of range; allowed is an integer, -2147483648 to 2147483647")]
    [InlineData("natural = -1", "f:1:1: natural: -1 is out of range; allowed is an integer, 0 to 4294967295")]
    [InlineData("small = 1.5", "f:1:1: small: 1.5 is a number; allowed is an integer, -2147483648 to 2147483647")]
    [InlineData("real = \"1\"", "f:1:1: real: \"1\" is text; allowed is a number")]
    [InlineData("shade = 1", "f:1:1: shade: 1 is an integer; allowed is dark_blue, green")]
    [InlineData("shade = \"DarkBlue\"", "f:1:1: shade: \"DarkBlue\" is not a known value; did you mean \"dark_blue\"? allowed: dark_blue, green")]
    [InlineData("words = [\"a\", 1]", "f:1:15: words[2]: 1 is an integer; allowed is text in quotes")]
    [InlineData("words = \"a\"", "f:1:1: words: \"a\" is text; allowed is an array")]
    [InlineData("map = { a = 1 }", "f:1:9: map.a: 1 is an integer; allowed is text in quotes")]
    [InlineData("inners = [{ nam = \"x\" }]", "f:1:13: inners[1].nam: \"nam\" is not a known key; did you mean \"name\"? allowed: name")]
    [InlineData("text = [\"a\"]", "f:1:1: text: this is an array; allowed is text in quotes")]
    public void refuses_what_does_not_fit(string text, string error)
    {
        Bind<Sample>(text, out List<ConfigError> errors);
        Assert.Equal([error], errors.Select(e => e.ToString()));
    }

    [Fact]
    public void a_property_without_setter_is_no_key()
    {
        Bind<Sample>("derived = 1", out List<ConfigError> errors);
        Assert.StartsWith("f:1:1: derived: \"derived\" is not a known key", Assert.Single(errors).ToString());
    }

    [Fact]
    public void annotations_are_told_at_the_key_or_at_the_table_when_it_is_not_there()
    {
        Bind<Limited>("high = 11\nlow = 0\n", out List<ConfigError> errors);
        Assert.Equal(
            [
                "f:2:1: low: 0 is out of range; allowed is 1 to 10",
                "f:1:1: high: 11 is out of range; allowed is 1 to 10",
                "f:1:1: name: missing; it must be set to text in quotes",
            ],
            errors.Select(e => e.ToString()));
    }

    [Fact]
    public void a_validator_beside_the_options_class_is_asked()
    {
        Bind<Limited>("name = 'n'\nlow = 5\nhigh = 4\n", out List<ConfigError> errors);
        Assert.Equal(["f:2:1: low: 5 is above high, 4", "f:1:1: low and high are swapped"], errors.Select(e => e.ToString()));
    }

    private static T Bind<T>(string text, out List<ConfigError> errors)
    {
        errors = [];
        return (T)new TomlBinder("f", errors).Bind(typeof(T), TomlTree.Read(text, "f", errors).Root, "");
    }
}
