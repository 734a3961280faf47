using Pmoas.Sdk;
using Pmoas.Sdk.Bpf;

namespace Pmoas.SockMap;

/// <summary>
/// Programs of others that take hold of sockets. A socket has one sk_msg program only, so with one of another's on the machine (Cilium,
/// OpenTelemetry's eBPF instrumentation, Envoy's sockmap) nothing is redirected; sock_ops programs live side by side.
/// </summary>
internal static class OtherOwners
{
    /// <summary>Programs that would have to share sockets with ours, as <c>name (id)</c>.</summary>
    internal static IReadOnlyList<string> Conflicts(IReadOnlyList<LoadedProgram> programs) =>
        [.. Foreign(programs).Where(program => program.Type is LoadedProgram.SkMsg or LoadedProgram.SkSkb).Select(Text)];

    /// <summary>What <c>pmoas check</c> tells.</summary>
    internal static IEnumerable<MissingPart> Missing(IReadOnlyList<LoadedProgram> programs)
    {
        foreach (LoadedProgram program in Foreign(programs))
        {
            string kind = program.Type switch
            {
                LoadedProgram.SkMsg => "sk_msg",
                LoadedProgram.SkSkb => "sk_skb",
                _ => "sock_ops",
            };
            yield return new MissingPart(
                $"another {kind} program",
                program.Type == LoadedProgram.SockOps
                    ? $"{Text(program)} sees the same connections; both work."
                    : $"{Text(program)} has sockets, and a socket has one owner only: nothing is redirected while it is loaded.");
        }
    }

    private static IEnumerable<LoadedProgram> Foreign(IReadOnlyList<LoadedProgram> programs) => programs.Where(program =>
        program.Type is LoadedProgram.SockOps or LoadedProgram.SkMsg or LoadedProgram.SkSkb
        && program.Name is not (Acceleration.Connects or Acceleration.Redirects));

    private static string Text(LoadedProgram program) => $"{(program.Name.Length > 0 ? program.Name : "nameless")} (program {program.Id})";
}
