using System.CommandLine;
using Pmoas.Host.Daemon;

namespace Pmoas.Host.Verbs;

/// <summary><c>pmoas check</c>: would it run here, and how well.</summary>
internal static class CheckVerb
{
    /// <summary>Makes the verb.</summary>
    public static Command Create()
    {
        Command verb = new("check",
            "Check this machine, the configuration and every enabled plugin, which is loaded and attached for real and detached again. "
            + "Exits 1 when anything fails.");
        Places places = Places.AddTo(verb);
        Option<string> output = OutputFormat.AddTo(verb);
        verb.SetAction(async (line, _) =>
        {
            IReadOnlyList<Finding> findings = await Preflight.RunAsync(places.Config(line), places.Plugins(line), places.Kubeconfig(line));
            if (output.IsJson(line))
            {
                Json.Write(findings);
            }
            else
            {
                Listing list = new("verdict", "what", "finding");
                foreach (Finding finding in findings)
                {
                    list.Add(finding.Verdict.ToString().ToLowerInvariant(), finding.What, finding.Text);
                }

                list.Write();
            }

            return findings.Any(finding => finding.Verdict == Verdict.Fail) ? ExitCode.Failed : ExitCode.Ok;
        });
        return verb;
    }
}
