using System.CommandLine;
using System.CommandLine.Parsing;
using Pmoas.Host.Config;

namespace Pmoas.Host.Verbs;

/// <summary>Tells what is wrong with a command line: one line a mistake, and where the help is.</summary>
internal static class UsageMistakes
{
    /// <summary>Writes the mistakes to standard error.</summary>
    /// <returns><see cref="ExitCode.Usage"/>.</returns>
    public static int Tell(ParseResult line)
    {
        Command verb = line.CommandResult.Command;
        string path = string.Join(' ', Verbs(line.CommandResult).Reverse());
        string[] known = [.. verb.Subcommands.Concat<Symbol>(verb.Options).Select(symbol => symbol.Name)];
        IEnumerable<string> unknown = line.UnmatchedTokens.Select(token => KeyNames.Unknown(verb.Subcommands.Count > 0 ? "a verb" : $"known to {path}", token, known));

        // The parser tells an unknown word twice, and knows no likely intention.
        IEnumerable<string> others = line.Errors.Where(error => error.SymbolResult is not CommandResult).Select(error => error.Message);
        string[] mistakes = [.. unknown, .. others];
        foreach (string mistake in mistakes.Length > 0 ? mistakes : [.. line.Errors.Select(error => error.Message)])
        {
            Console.Error.WriteLine($"pmoas: {mistake}");
        }

        Console.Error.WriteLine($"pmoas: nothing was done; see {path} --help");
        return ExitCode.Usage;
    }

    private static IEnumerable<string> Verbs(CommandResult innermost)
    {
        for (SymbolResult? verb = innermost; verb is CommandResult command; verb = verb.Parent)
        {
            yield return command.Command is RootCommand ? "pmoas" : command.Command.Name;
        }
    }
}
