using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text;

namespace Pmoas.Host.Describe;

/// <summary>The keys of an options class, and of the tables in it, as Markdown: one heading a table, one row a key.</summary>
internal static class OptionTable
{
    /// <summary>Heading and rows of a table of <c>pmoas.toml</c>, then those of the tables in it. Ends with a line feed.</summary>
    /// <param name="path">Its dotted name; empty is the file itself.</param>
    /// <param name="options">Its options class, with a public constructor without parameters.</param>
    internal static string Of(string path, Type options)
    {
        var markdown = new StringBuilder();
        Write(markdown, path, options, isList: false, new OptionDocs(options.Assembly));
        return markdown.ToString();
    }

    private static void Write(StringBuilder markdown, string path, Type table, bool isList, OptionDocs docs)
    {
        object defaults = Activator.CreateInstance(table)!;
        PropertyInfo[] options = [.. table.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(option => option.CanRead && option.SetMethod is { IsPublic: true }).OrderBy(option => option.MetadataToken)];
        PropertyInfo[] keys = [.. options.Where(option => TableIn(option) is null && !IsPlugins(option))];
        if (keys.Length > 0)
        {
            markdown.Append(path.Length == 0 ? "## Above all tables\n" : isList ? $"### `[[{path}]]`\n" : $"### `[{path}]`\n");
            markdown.Append("| Key | Default | Allowed | Meaning |\n|---|---|---|---|\n");
        }

        foreach (PropertyInfo key in keys)
        {
            markdown.Append(CultureInfo.InvariantCulture, $"| `{TomlText.Key(key.Name)}` | {Default(key.GetValue(defaults))} | {Allowed(key)} | {MarkdownTable.Cell(docs.Of(key))} |\n");
        }

        markdown.Append(keys.Length > 0 ? "\n" : "");
        foreach (PropertyInfo inner in options.Where(option => TableIn(option) is not null))
        {
            string name = TomlText.Key(inner.Name);
            Write(markdown, path.Length == 0 ? name : $"{path}.{name}", TableIn(inner)!, ListOf(inner.PropertyType) is not null, docs);
        }
    }

    /// <summary>The options class of a table or of a list of tables; null for a value.</summary>
    private static Type? TableIn(PropertyInfo option)
    {
        Type type = ListOf(option.PropertyType) ?? option.PropertyType;
        return type.IsClass && type.Assembly == option.DeclaringType!.Assembly ? type : null;
    }

    /// <summary>What each plugin says itself.</summary>
    private static bool IsPlugins(PropertyInfo option) =>
        ListOf(option.PropertyType) is null && option.PropertyType.IsAssignableTo(typeof(IEnumerable))
        && option.PropertyType.GenericTypeArguments is [.., { } last] && last.Assembly == option.DeclaringType!.Assembly;

    private static Type? ListOf(Type type) =>
        type != typeof(string) && type.IsAssignableTo(typeof(IEnumerable)) && type.GenericTypeArguments is [{ } element] ? element : null;

    private static string Default(object? value) => value is null or "" ? "" : $"`{TomlText.Value(value)}`";

    private static string Allowed(PropertyInfo option)
    {
        Type type = Nullable.GetUnderlyingType(option.PropertyType) ?? option.PropertyType;
        return option.GetCustomAttribute<RangeAttribute>() is { } range ? $"{Bound(range, range.Minimum)} to {Bound(range, range.Maximum)}"
            : type.IsEnum ? string.Join(", ", Enum.GetNames(type).Select(name => $"`\"{TomlText.Key(name)}\"`"))
            : type == typeof(bool) ? "`true`, `false`"
            : "";
    }

    private static string Bound(RangeAttribute range, object bound) => range.OperandType == typeof(TimeSpan)
        ? $"`{TomlText.Value(TimeSpan.Parse((string)bound, CultureInfo.InvariantCulture))}`"
        : $"`{TomlText.Value(bound)}`";
}
