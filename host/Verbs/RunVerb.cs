using System.CommandLine;
using System.Net;
using Pmoas.Host.Daemon;

namespace Pmoas.Host.Verbs;

/// <summary><c>pmoas run</c>: the daemon.</summary>
internal static class RunVerb
{
    /// <summary>Makes the verb.</summary>
    public static Command Create()
    {
        Command verb = new("run", "Run the daemon: measure the sidecars of this node and serve /metrics.");
        Places places = Places.AddTo(verb);
        Option<IPEndPoint?> listen = ListenOption.AddTo(verb, "Address and port that is served; overrides [http] listen.");
        verb.SetAction((line, _) => SetupOrMistakes.Load(places, line) is { } setup
            ? RunAsync(setup, line.GetValue(listen) ?? setup.Options.Http.Endpoint)
            : Task.FromResult(ExitCode.Usage));
        return verb;
    }

    private static async Task<int> RunAsync(Setup setup, IPEndPoint listen)
    {
        // The file's own address was judged with the file.
        if (setup.Options.Http.WhyRefused(listen) is { } refused)
        {
            await Console.Error.WriteLineAsync($"pmoas: --listen: {refused} under [http] in {setup.File}.");
            return ExitCode.Usage;
        }

        return await DaemonProcess.RunAsync(setup, listen);
    }
}
