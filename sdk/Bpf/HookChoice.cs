using System.Collections.Concurrent;
using Pmoas.Sdk.Bpf.Native;

namespace Pmoas.Sdk.Bpf;

/// <summary>One alternative of a hook: programs that only work together.</summary>
/// <param name="Name">As the hook has it: program names joined by <c>+</c>.</param>
/// <param name="Programs">The programs.</param>
/// <param name="KindOf">The kind of each.</param>
/// <param name="IsAimed">True when the configuration has chosen the function they are for: that one is refused says nothing of others.</param>
internal sealed record HookRung(string Name, IReadOnlyList<string> Programs, IReadOnlyDictionary<string, string> KindOf, bool IsAimed)
{
    /// <summary>The kinds, each once.</summary>
    internal IReadOnlyList<string> Kinds { get; } = [.. Programs.Select(program => KindOf[program]).Distinct()];

    /// <summary>For people: the kinds joined by <c>+</c>.</summary>
    internal string Kind => string.Join('+', Kinds);

    /// <summary>The kind that an error is about: that of the program it names, or the only one there is; null when neither is known.</summary>
    internal string? KindFor(BpfException e) =>
        e.Program is { } program && KindOf.TryGetValue(program, out string? kind) ? kind : Kinds is [var only] ? only : null;

    internal static string[] Split(string alternative) => alternative.Split('+', StringSplitOptions.TrimEntries);
}

/// <summary>Where one hook stands on its ladder while the best alternative is being found.</summary>
internal sealed class HookChoice
{
    /// <summary>Kinds this kernel refused as such, and its reason: not tried again in this process.</summary>
    internal static readonly ConcurrentDictionary<string, string> RefusedKinds = new();

    private readonly Queue<HookRung> _rungs;
    private readonly List<string> _refusals = [];
    private readonly bool _switchedOff;

    /// <exception cref="BpfException">The hook names a program the object does not have.</exception>
    internal HookChoice(Hook hook, BpfObject opened, HashSet<string> switchedOff)
    {
        Hook = hook;
        HookRung[] all = [.. hook.Programs.Select(alternative => Describe(opened, alternative))];
        _rungs = new Queue<HookRung>(all.Where(rung => !rung.Programs.Any(switchedOff.Contains)));
        _refusals.AddRange(all.Except(_rungs)
            .GroupBy(rung => opened.RefusalOf(rung.Programs) ?? "switched off by its configuration", rung => rung.Name)
            .Select(same => $"{string.Join(", ", same)}: {same.Key}"));
        _switchedOff = _rungs.Count == 0 && all.All(rung => opened.RefusalOf(rung.Programs) is null);
    }

    internal Hook Hook { get; }

    /// <summary>The best alternative not refused so far; null when none is left.</summary>
    internal HookRung? Rung
    {
        get
        {
            while (_rungs.TryPeek(out HookRung? rung))
            {
                if (rung.Kinds.FirstOrDefault(RefusedKinds.ContainsKey) is not { } kind)
                {
                    return rung;
                }

                _rungs.Dequeue();
                _refusals.Add($"{rung.Name} ({rung.Kind}): {RefusedKinds[kind]}");
            }

            return null;
        }
    }

    /// <summary>True when the object may start with this choice as far as is known.</summary>
    internal bool IsSettled => Rung is not null || !IsMissed;

    /// <summary>True when a required hook has no alternative left.</summary>
    internal bool IsMissed => Rung is null && Hook.Required && !_switchedOff;

    /// <summary>Why the better alternatives were not taken, one line.</summary>
    internal string Refused => string.Join("; ", _refusals);

    internal HookReport Report => new(Hook.Name, Rung?.Name, Rung?.Kind, _refusals.Count == 0 ? null : Refused) { IsSwitchedOff = _switchedOff, WithoutIt = Hook.WithoutIt };

    internal void Refuse(HookRung rung, BpfException e)
    {
        _rungs.Dequeue();
        string reason = e.Reason;
        if (rung.KindFor(e) is { } kind)
        {
            if (Tracefs.IsKprobe(kind) && !Tracefs.HasKprobes)
            {
                reason = "this kernel has no kprobes";
                RefusedKinds.TryAdd(kind, reason);
            }
            else if (IsTrampoline(kind) && !rung.IsAimed && e is { VerifierLog: null, Errno: Errno.EPERM or Errno.EOPNOTSUPP or Errno.ENOTSUPP })
            {
                // Without a word from the verifier the kernel did not mind the program but its kind.
                RefusedKinds.TryAdd(kind, reason);
            }
        }

        _refusals.Add($"{rung.Name} ({rung.Kind}): {reason}");
    }

    /// <summary>Kinds that patch kernel text, which a kernel may lack or forbid as a whole. Tracepoints are always worth a try.</summary>
    private static bool IsTrampoline(string kind) => kind is "fentry" or "fexit" or "fmod_ret" or "lsm";

    private static HookRung Describe(BpfObject opened, string alternative)
    {
        string[] programs = HookRung.Split(alternative);
        return new HookRung(alternative, programs, programs.Distinct().ToDictionary(program => program, program => opened.Program(program).Kind),
            programs.Any(program => opened.Program(program) is var aimed && aimed.Section == aimed.Kind));
    }
}
