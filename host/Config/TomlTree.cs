using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace Pmoas.Host.Config;

/// <summary>Reads a TOML text into tables that know their places.</summary>
internal sealed class TomlTree
{
    private readonly HashSet<int> _brokenLines = [];

    private TomlTree()
    {
    }

    /// <summary>The top of the document.</summary>
    public TomlSection Root { get; } = new(new Position(1, 1));

    /// <summary>True when a part of the text could not be read: what is missing from <see cref="Root"/> may stand in that part.</summary>
    public bool Broken => _brokenLines.Count > 0;

    /// <summary>Reads all it can. Mistakes of syntax and keys set twice are added to <paramref name="errors"/>; the rest of the text is still read.</summary>
    public static TomlTree Read(string text, string file, ICollection<ConfigError> errors)
    {
        TomlTree tree = new();
        DocumentSyntax document = SyntaxParser.Parse(text, file, validate: true);
        foreach (ConfigError error in TomlSyntaxErrors.Of(document, text, file))
        {
            errors.Add(error);
            if (error.Path.Length == 0)
            {
                tree._brokenLines.Add(error.At.Line);
            }
        }
        tree.Put(tree.Root, document.KeyValues);
        foreach (TableSyntaxBase table in document.Tables)
        {
            if (table.Name is not null && !tree.IsBroken(table.Name))
            {
                tree.Put(tree.Open(table.Name, table is TableArraySyntax), table.Items);
            }
        }
        return tree;
    }

    /// <summary>The place of a node; Tomlyn counts from 0.</summary>
    public static Position Place(SourceSpan span) => new(span.Start.Line + 1, span.Start.Column + 1);

    private bool IsBroken(SyntaxNode node)
    {
        for (int line = node.Span.Start.Line; Broken && line <= node.Span.End.Line; line++)
        {
            if (_brokenLines.Contains(line + 1))
            {
                return true;
            }
        }
        return false;
    }

    private void Put(TomlSection section, IEnumerable<KeyValueSyntax> pairs)
    {
        foreach (KeyValueSyntax pair in pairs)
        {
            if (pair.Key is null || pair.Value is null || IsBroken(pair))
            {
                continue;
            }
            List<(string Name, Position At)> path = Names(pair.Key);
            TomlSection owner = section;
            foreach ((string name, Position at) in path[..^1])
            {
                owner = Step(owner, name, at);
            }
            // A key set twice has been reported; the first one counts.
            owner.Entries.TryAdd(path[^1].Name, new TomlEntry(path[^1].At, Value(pair.Value)));
        }
    }

    private TomlSection Open(KeySyntax header, bool isArray)
    {
        List<(string Name, Position At)> path = Names(header);
        TomlSection owner = Root;
        foreach ((string name, Position at) in path[..^1])
        {
            owner = Step(owner, name, at);
        }
        (string last, Position lastAt) = path[^1];
        if (!isArray)
        {
            return Step(owner, last, lastAt);
        }
        TomlSection item = new(lastAt);
        owner.Entries.TryAdd(last, new TomlEntry(lastAt, new TomlList(lastAt)));
        (owner.Entries[last].Value as TomlList)?.Items.Add(item);
        return item;
    }

    private static TomlSection Step(TomlSection owner, string name, Position at)
    {
        owner.Entries.TryAdd(name, new TomlEntry(at, new TomlSection(at)));
        return owner.Entries[name].Value switch
        {
            TomlSection section => section,
            TomlList { Items: [.., TomlSection newest] } => newest,
            _ => new TomlSection(at), // a value used as a table: reported by the parser, so what follows goes nowhere
        };
    }

    private TomlValue Value(ValueSyntax syntax)
    {
        Position at = Place(syntax.Span);
        switch (syntax)
        {
            case StringValueSyntax text:
                return new TomlScalar(text.Value ?? "", at);
            case IntegerValueSyntax integer:
                return new TomlScalar(integer.Value, at);
            case FloatValueSyntax number:
                return new TomlScalar(number.Value, at);
            case BooleanValueSyntax boolean:
                return new TomlScalar(boolean.Value, at);
            case DateTimeValueSyntax date:
                return new TomlScalar(date.Value, at);
            case ArraySyntax array:
                TomlList list = new(at);
                list.Items.AddRange(array.Items.Where(i => i.Value is not null).Select(i => Value(i.Value!)));
                return list;
            case InlineTableSyntax inline:
                TomlSection section = new(at);
                Put(section, inline.Items.Where(i => i.KeyValue is not null).Select(i => i.KeyValue!));
                return section;
            default:
                throw new NotSupportedException($"TOML value {syntax.GetType().Name} is new to PMOAS; teach {nameof(TomlTree)} about it");
        }
    }

    private static List<(string Name, Position At)> Names(KeySyntax key) =>
        [.. new[] { key.Key }.Concat(key.DotKeys.Select(d => d.Key)).OfType<BareKeyOrStringValueSyntax>().Select(Name)];

    private static (string Name, Position At) Name(BareKeyOrStringValueSyntax part) =>
        (part is StringValueSyntax quoted ? quoted.Value ?? "" : part.ToString().Trim(), Place(part.Span));
}
