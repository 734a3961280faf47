using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Reflection;

namespace Pmoas.Host.Config;

/// <summary>
/// Binds tables to options classes, strictly: whatever is not understood is an error at its place, and every error is found in one go.
/// A key is the property's name in snake case; only properties with a public setter count.
/// </summary>
/// <param name="file">Named in errors.</param>
/// <param name="errors">Where mistakes go.</param>
/// <param name="broken">True when a part of the file could not be read, so that a missing key is no mistake of its own.</param>
internal sealed class TomlBinder(string file, ICollection<ConfigError> errors, bool broken = false)
{
    /// <summary>A new <paramref name="type"/> with the values of the table; what the table leaves out keeps its default.</summary>
    /// <param name="type">A class with a constructor without parameters, public or not.</param>
    /// <param name="section">The table.</param>
    /// <param name="path">The table's own path, for errors.</param>
    public object Bind(Type type, TomlSection section, string path)
    {
        object options = Activator.CreateInstance(type, nonPublic: true)
            ?? throw new ArgumentException($"{type} has no constructor without parameters", nameof(type));
        Dictionary<string, PropertyInfo> properties = type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => p.SetMethod is { IsPublic: true })
            .ToDictionary(p => KeyNames.SnakeCase(p.Name), StringComparer.Ordinal);
        int before = errors.Count;
        foreach ((string key, TomlEntry entry) in section.Entries)
        {
            string keyPath = Join(path, key);
            if (!properties.TryGetValue(key, out PropertyInfo? property))
            {
                Report(entry.KeyAt, keyPath, KeyNames.Unknown("a known key", key, properties.Keys));
            }
            else if (TryConvert(property.PropertyType, entry.Value, entry.KeyAt, keyPath, Limits(property), out object? value))
            {
                property.SetValue(options, value);
            }
        }
        // What a wrong value left behind is not judged again: neither its key nor, when any key is wrong, the table as a whole.
        HashSet<Position> wrong = [.. errors.Skip(before).Select(e => e.At)];
        foreach ((Position at, string keyPath, string message) in new OptionsRules(options, properties.Values, section, path).Broken(missingIsMistake: !broken))
        {
            if (keyPath == path ? wrong.Count == 0 : !wrong.Contains(at))
            {
                Report(at, keyPath, message);
            }
        }
        return options;
    }

    /// <summary>Path of a key in a table.</summary>
    public static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";

    private void Report(Position at, string path, string message) => errors.Add(new ConfigError(file, at, path, message));

    private static RangeAttribute? Limits(PropertyInfo property) => property.GetCustomAttribute<RangeAttribute>();

    private bool TryConvert(Type type, TomlValue from, Position at, string path, RangeAttribute? limits, out object? value)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        switch (from)
        {
            case TomlSection raw when type == typeof(TomlSection):
                value = raw;
                return true;
            case TomlSection table when ItemOfDictionary(type) is { } itemType:
                value = Dictionary(itemType, table, path);
                return true;
            case TomlList list when ItemOfList(type) is { } itemType:
                value = List(itemType, list, path);
                return true;
            case TomlSection table when !TomlText.IsScalar(type) && ItemOfList(type) is null:
                value = Bind(type, table, path);
                return true;
            case TomlScalar scalar when TomlText.IsScalar(type):
                if (TomlText.TryConvert(type, scalar, limits, out value, out string? wrong))
                {
                    return true;
                }
                Report(at, path, wrong);
                return false;
            default:
                value = null;
                string given = from is TomlScalar shown ? $"{shown} is {from.Kind}" : $"this is {from.Kind}";
                string wanted = TomlText.IsScalar(type) ? TomlText.Form(type, limits)
                    : ItemOfList(type) is { } item ? (TomlText.IsScalar(item) ? "an array" : $"an array of tables, [[{path}]]")
                    : path.EndsWith(']') ? "a table, { … }"
                    : $"a table, [{path}]";
                Report(at, path, $"{given}; allowed is {wanted}");
                return false;
        }
    }

    private Array List(Type itemType, TomlList list, string path)
    {
        List<object?> items = [];
        for (int i = 0; i < list.Items.Count; i++)
        {
            TomlValue from = list.Items[i];
            if (TryConvert(itemType, from, from.At, $"{path}[{i + 1}]", null, out object? item))
            {
                items.Add(item);
            }
        }
        Array array = Array.CreateInstance(itemType, items.Count);
        for (int i = 0; i < items.Count; i++)
        {
            array.SetValue(items[i], i);
        }
        return array;
    }

    private IDictionary Dictionary(Type itemType, TomlSection table, string path)
    {
        Type dictionary = typeof(Dictionary<,>).MakeGenericType(typeof(string), itemType);
        IDictionary made = (IDictionary)Activator.CreateInstance(dictionary)!;
        foreach ((string key, TomlEntry entry) in table.Entries)
        {
            if (TryConvert(itemType, entry.Value, entry.KeyAt, Join(path, key), null, out object? item))
            {
                made.Add(key, item);
            }
        }
        return made;
    }

    /// <summary>The item type of an array or of an interface an array implements; null for anything else.</summary>
    private static Type? ItemOfList(Type type) =>
        type.IsArray ? type.GetElementType()
        : type.IsGenericType && type.IsInterface && type.GetGenericArguments() is [Type item] && item.MakeArrayType().IsAssignableTo(type) ? item
        : null;

    private static Type? ItemOfDictionary(Type type) =>
        type.IsGenericType && type.GetGenericArguments() is [Type key, Type item] && key == typeof(string)
            && typeof(Dictionary<,>).MakeGenericType(key, item).IsAssignableTo(type) ? item : null;
}
