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
        Option<IPEndPoint?> listen = ListenOption.AddTo(verb, "Address and port of /metrics, /healthz and /readyz; overrides [http] listen.");
        verb.SetAction((line, _) => SetupOrMistakes.Load(places, line) is { } setup
            ? DaemonProcess.RunAsync(setup, line.GetValue(listen) ?? setup.Options.Http.Endpoint)
            : Task.FromResult(ExitCode.Usage));
        return verb;
    }
}
