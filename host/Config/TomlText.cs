using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;

namespace Pmoas.Host.Config;

/// <summary>Single values: which C# types they may have, how they convert, and how what is allowed is said.</summary>
internal static class TomlText
{
    private static readonly Dictionary<Type, (object Min, object Max)> Integers = new()
    {
        [typeof(byte)] = (byte.MinValue, byte.MaxValue),
        [typeof(ushort)] = (ushort.MinValue, ushort.MaxValue),
        [typeof(int)] = (int.MinValue, int.MaxValue),
        [typeof(uint)] = (uint.MinValue, uint.MaxValue),
        [typeof(long)] = (long.MinValue, long.MaxValue),
        [typeof(ulong)] = (ulong.MinValue, long.MaxValue), // TOML's integers are signed, 64 bit
    };

    /// <summary>True for types written as one value, not as a table or an array.</summary>
    public static bool IsScalar(Type type) =>
        type == typeof(string) || type == typeof(bool) || type == typeof(double) || type == typeof(TimeSpan) || type.IsEnum || Integers.ContainsKey(type);

    /// <summary>What is allowed for a type, to follow "allowed is".</summary>
    /// <param name="type">A scalar type.</param>
    /// <param name="limits">Narrower limits of this property, if any.</param>
    public static string Form(Type type, RangeAttribute? limits = null)
    {
        if (type.IsEnum)
        {
            return string.Join(", ", EnumNames(type));
        }
        string form = type == typeof(string) ? "text in quotes"
            : type == typeof(bool) ? "true or false"
            : type == typeof(double) ? "a number"
            : type == typeof(TimeSpan) ? Duration.Form
            : "an integer";
        string? range = limits is not null ? Span(limits)
            : Integers.TryGetValue(type, out (object Min, object Max) all) ? $"{Show(all.Min)} to {Show(all.Max)}"
            : null;
        return range is null ? form : $"{form}, {range}";
    }

    /// <summary>The limits of a <see cref="RangeAttribute"/> as they would be written in the file.</summary>
    public static string Span(RangeAttribute limits)
    {
        // The attribute converts its text limits, as those of a TimeSpan are, when it is first asked.
        _ = limits.IsValid(null) && limits.OperandType == typeof(TimeSpan) && limits.IsValid(TimeSpan.Zero);
        return $"{Show(limits.Minimum)} to {Show(limits.Maximum)}";
    }

    /// <summary>A bound value as it would be written in the file.</summary>
    public static string Show(object? value) => value switch
    {
        null => "nothing",
        TimeSpan span => Duration.Format(span),
        string text => $"\"{text}\"",
        bool yes => yes ? "true" : "false",
        Enum name => KeyNames.SnakeCase(name.ToString()),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    /// <summary>Converts without loss, or says what is wrong and what is allowed.</summary>
    public static bool TryConvert(
        Type type, TomlScalar from, RangeAttribute? limits, [NotNullWhen(true)] out object? value, [NotNullWhen(false)] out string? wrong)
    {
        value = null;
        wrong = null;
        switch (from.Value)
        {
            case string name when type.IsEnum:
                value = EnumValues(type).FirstOrDefault(v => EnumName(v) == name);
                wrong = value is null ? KeyNames.Unknown("a known value", name, EnumNames(type)) : null;
                break;
            case string text when type == typeof(TimeSpan):
                value = Duration.TryParse(text, out TimeSpan span) ? span : null;
                wrong = value is null ? $"{from} is no duration; allowed is {Form(type, limits)}" : null;
                break;
            case long integer when Integers.TryGetValue(type, out (object Min, object Max) all):
                bool fits = integer >= Convert.ToDecimal(all.Min, CultureInfo.InvariantCulture)
                    && integer <= Convert.ToDecimal(all.Max, CultureInfo.InvariantCulture);
                value = fits ? Convert.ChangeType(integer, type, CultureInfo.InvariantCulture) : null;
                wrong = fits ? null : $"{from} is out of range; allowed is {Form(type, limits)}";
                break;
            case long integer when type == typeof(double):
                value = (double)integer;
                break;
            case string or bool or double when from.Value.GetType() == type:
                value = from.Value;
                break;
            default:
                wrong = $"{from} is {from.Kind}; allowed is {Form(type, limits)}";
                break;
        }
        return wrong is null;
    }

    // A value marked as not browsable is the program's own.
    private static IEnumerable<object> EnumValues(Type type) => Enum.GetValues(type).Cast<object>()
        .Where(v => type.GetField(v.ToString()!)?.GetCustomAttribute<BrowsableAttribute>() is not { Browsable: false });

    private static string[] EnumNames(Type type) => [.. EnumValues(type).Select(EnumName)];

    private static string EnumName(object value) => KeyNames.SnakeCase(value.ToString()!);
}
