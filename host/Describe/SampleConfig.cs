using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text;

namespace Pmoas.Host.Describe;

/// <summary>
/// A plugin's table of <c>pmoas.toml</c>, with every option: <c>##</c> lines explain, <c>#</c> lines show the default.
/// </summary>
internal static class SampleConfig
{
    private const int Columns = 100;

    /// <summary>The table <c>[plugins.NAME]</c>. Ends with a line feed.</summary>
    /// <param name="plugin">Name of the plugin.</param>
    /// <param name="summary">What it measures, one sentence.</param>
    /// <param name="options">Its options class, with a public constructor without parameters; null when it has none.</param>
    internal static string Of(string plugin, string summary, Type? options)
    {
        var toml = new StringBuilder();
        Explain(toml, summary);
        toml.Append($"[plugins.{plugin}]\n");
        Explain(toml, "False leaves the plugin alone.");
        toml.Append("# enabled = true\n");
        if (options is not null)
        {
            Table(toml, $"plugins.{plugin}", Activator.CreateInstance(options)!, new OptionDocs(options.Assembly));
        }

        return toml.ToString();
    }

    private static void Table(StringBuilder toml, string path, object defaults, OptionDocs docs)
    {
        PropertyInfo[] options = [.. defaults.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(option => option.CanRead && option.CanWrite).OrderBy(option => option.MetadataToken)];
        foreach (PropertyInfo option in options.Where(option => !IsTable(option)))
        {
            object? value = option.GetValue(defaults);
            Explain(toml, docs.Of(option) + Allowed(option) + (value is null ? " Not set by default." : ""));
            toml.Append($"# {TomlText.Key(option.Name)} = {TomlText.Value(value ?? Example(option.PropertyType))}\n");
        }

        foreach (PropertyInfo option in options.Where(IsTable))
        {
            string inner = $"{path}.{TomlText.Key(option.Name)}";
            toml.Append('\n');
            Explain(toml, docs.Of(option));
            toml.Append($"# [{inner}]\n");
            Table(toml, inner, option.GetValue(defaults) ?? Activator.CreateInstance(option.PropertyType)!, docs);
        }
    }

    /// <summary>A class of the plugin's own is a table; text, numbers, lists and dictionaries are values.</summary>
    private static bool IsTable(PropertyInfo option) =>
        option.PropertyType.IsClass && option.PropertyType.Assembly == option.DeclaringType!.Assembly && !option.PropertyType.IsArray;

    /// <summary>Something of the right type, for an option without a default.</summary>
    private static object? Example(Type type) => Nullable.GetUnderlyingType(type) is { } value ? Activator.CreateInstance(value) : null;

    private static string Allowed(PropertyInfo option)
    {
        Type type = Nullable.GetUnderlyingType(option.PropertyType) ?? option.PropertyType;
        string allowed = option.GetCustomAttribute<RangeAttribute>() is { } range ? $"{range.Minimum} to {range.Maximum}"
            : type.IsEnum ? string.Join(", ", Enum.GetNames(type).Select(name => $"\"{TomlText.Key(name)}\""))
            : "";
        return allowed.Length == 0 ? "" : $" Allowed: {allowed}.";
    }

    /// <summary>Writes sentences as <c>##</c> lines, broken between words.</summary>
    private static void Explain(StringBuilder toml, string sentences)
    {
        string line = "";
        foreach (string word in sentences.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length > 0 && line.Length + word.Length + 4 > Columns)
            {
                toml.Append($"## {line}\n");
                line = "";
            }

            line = line.Length == 0 ? word : $"{line} {word}";
        }

        if (line.Length > 0)
        {
            toml.Append($"## {line}\n");
        }
    }
}
