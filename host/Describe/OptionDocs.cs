using System.ComponentModel;
using System.Reflection;
using System.Xml.Linq;

namespace Pmoas.Host.Describe;

/// <summary>
/// The sentences that explain an option: its <see cref="DescriptionAttribute"/>, or else the summary of its doc comment, from the XML file
/// the compiler writes beside the assembly. Without either there is no sentence.
/// </summary>
internal sealed class OptionDocs
{
    private readonly Dictionary<string, XElement> _summaries = [];

    /// <summary>Reads the doc file of the assembly, where there is one.</summary>
    internal OptionDocs(Assembly assembly)
    {
        string path = Path.ChangeExtension(assembly.Location, ".xml");
        if (assembly.Location.Length == 0 || !File.Exists(path))
        {
            return;
        }

        foreach (XElement member in XDocument.Load(path).Descendants("member"))
        {
            if (member.Attribute("name") is { } name && member.Element("summary") is { } summary)
            {
                _summaries[name.Value] = summary;
            }
        }
    }

    /// <summary>The sentences of this option, on one line; empty when there are none.</summary>
    internal string Of(PropertyInfo option)
    {
        if (option.GetCustomAttribute<DescriptionAttribute>() is { } description)
        {
            return description.Description;
        }

        string owner = option.DeclaringType!.FullName!.Replace('+', '.');
        return _summaries.TryGetValue($"P:{owner}.{option.Name}", out XElement? summary)
            ? string.Join(' ', string.Concat(summary.Nodes().Select(Text)).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            : "";
    }

    /// <summary>A reference reads as the last part of what it refers to: <c>P:A.B.OnlyPort</c> as <c>OnlyPort</c>.</summary>
    private static string Text(XNode node) => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "see" or "paramref" } reference when reference.Value.Length == 0 =>
            reference.FirstAttribute?.Value.Split('.', ':')[^1] ?? "",
        XElement element => element.Value,
        _ => "",
    };
}
