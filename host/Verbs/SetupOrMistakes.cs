using System.CommandLine;
using Pmoas.Host.Config;
using Pmoas.Host.Daemon;

namespace Pmoas.Host.Verbs;

/// <summary>Loads what the user set up, or says everything that is wrong with it.</summary>
internal static class SetupOrMistakes
{
    /// <summary>The setup; null when the configuration has mistakes, which are then on standard error, all of them.</summary>
    public static Setup? Load(Places places, ParseResult line)
    {
        (Setup? setup, IReadOnlyList<ConfigError> errors) = Setup.Load(places.Config(line), places.Plugins(line), places.Kubeconfig(line));
        foreach (ConfigError error in errors)
        {
            Console.Error.WriteLine(error);
        }

        if (errors.Count > 0)
        {
            Console.Error.WriteLine($"pmoas: {(errors.Count == 1 ? "1 mistake" : $"{errors.Count} mistakes")} in the configuration; nothing was started.");
        }

        return setup;
    }
}
