using System.CommandLine;

namespace Pmoas.Host.Verbs;

/// <summary>The option <c>-o json</c>.</summary>
internal static class OutputFormat
{
    /// <summary>Adds the option to a verb; its value is <c>table</c> or <c>json</c>.</summary>
    public static Option<string> AddTo(Command verb)
    {
        Option<string> output = new Option<string>("--output", "-o")
        {
            Description = "How to show it: table or json.",
            DefaultValueFactory = _ => "table",
        }.AcceptOnlyFromAmong("table", "json");
        verb.Add(output);
        return output;
    }

    /// <summary>Whether JSON was asked for.</summary>
    public static bool IsJson(this Option<string> output, ParseResult line) => line.GetValue(output) == "json";
}
