using System.CommandLine;
using System.Net;
using Pmoas.Host.Config;
using Pmoas.Sdk.Live;

namespace Pmoas.Host.Verbs;

/// <summary>The options of <c>pmoas monitor</c> that say what an event has to be.</summary>
internal sealed record MonitorConditions(Option<IPAddress?> Address, Option<int> Port, Option<string?> Phase, Option<string?> Flag, Option<TimeSpan> MinDuration, Option<string?> StackAt)
{
    private static readonly string[] Phases = ["handshake", "data", "close"];

    /// <summary>The phase that begins with a flag of TCP.</summary>
    private static readonly Dictionary<string, string> PhaseOfFlag = new() { ["syn"] = "handshake", ["psh"] = "data", ["fin"] = "close" };

    /// <summary>Adds them to the verb.</summary>
    public static MonitorConditions AddTo(Command verb)
    {
        MonitorConditions options = new(
            Parsed("--address", "Only connections from or to this address.", "ADDRESS", "an IPv4 or IPv6 address",
                text => IPAddress.TryParse(text, out IPAddress? address) ? address : null, (IPAddress?)null),
            Parsed("--port", "Only connections from or to this port.", "N", "a port from 1 to 65535",
                text => ushort.TryParse(text, out ushort port) && port > 0 ? (object)(int)port : null, 0),
            Parsed("--phase", "Only this phase of connections, in a stream that has phases: handshake, data or close.", "PHASE", string.Join(", ", Phases),
                text => Phases.Contains(text) ? text : null, (string?)null),
            Parsed("--flag", "The same by the flag of TCP that it begins with: syn, psh or fin.", "FLAG", string.Join(", ", PhaseOfFlag.Keys),
                text => PhaseOfFlag.ContainsKey(text) ? text : null, (string?)null),
            Parsed("--min-duration", "Only events that took at least this long, such as 5ms.", "TIME", "a duration such as 50us, 5ms, 1s",
                text => Duration.TryParse(text, out TimeSpan time) ? (object)time : null, TimeSpan.Zero),
            new("--stack") { Description = "Also show the kernel's call stack at this stage, in a stream that has stages.", HelpName = "STAGE" });
        verb.Add(options.Address);
        verb.Add(options.Port);
        verb.Add(options.Phase);
        verb.Add(options.Flag);
        verb.Validators.Add(result =>
        {
            if (result.GetValue(options.Phase) is not null && result.GetValue(options.Flag) is not null)
            {
                result.AddError("--flag and --phase say the same in two ways: give one of them.");
            }
        });
        verb.Add(options.MinDuration);
        verb.Add(options.StackAt);
        return options;
    }

    /// <summary>What the command line says.</summary>
    public LiveConditions Of(ParseResult line) => new()
    {
        Address = line.GetValue(Address),
        Port = line.GetValue(Port),
        Phase = line.GetValue(Phase) ?? (line.GetValue(Flag) is { } flag ? PhaseOfFlag[flag] : null),
        MinDuration = line.GetValue(MinDuration),
        StackAt = line.GetValue(StackAt),
    };

    // What is not allowed is read as null.
    private static Option<T> Parsed<T>(string name, string description, string value, string allowed, Func<string, object?> read, T otherwise) => new(name)
    {
        Description = description,
        HelpName = value,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (read(text) is { } good)
            {
                return (T)good;
            }

            result.AddError($"{name}: \"{text}\" is not allowed; allowed is {allowed}");
            return otherwise;
        },
    };
}
