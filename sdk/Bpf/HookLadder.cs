using Microsoft.Extensions.Logging;

namespace Pmoas.Sdk.Bpf;

/// <summary>
/// Loads an object with, for every hook, the best program this kernel takes. Names and versions prove nothing, so a program counts only
/// when it was loaded and attached.
/// </summary>
public sealed class HookLadder
{
    private readonly ReadOnlyMemory<byte> _elf;
    private readonly string _name;
    private readonly Action<BpfObject> _configure;
    private readonly ILogger _logger;
    private readonly HookChoice[] _choices;

    private HookLadder(ReadOnlyMemory<byte> elf, string name, IReadOnlyList<Hook> hooks, Action<BpfObject> configure, ILogger logger)
    {
        (_elf, _name, _configure, _logger) = (elf, name, configure, logger);
        using BpfObject opened = BpfObject.Open(elf.Span, name, logger);
        Dictionary<string, bool> before = opened.Programs.ToDictionary(program => program.Name, program => program.Autoload);
        configure(opened);
        HashSet<string> switchedOff = [.. opened.Programs.Where(program => before[program.Name] && !program.Autoload).Select(program => program.Name)];
        _choices = [.. hooks.Select(hook => new HookChoice(hook, opened, switchedOff))];
    }

    /// <summary>Loads and attaches. Iterators and programs of cgroups, sockets and devices are loaded and not attached; so are programs that no hook names.</summary>
    /// <param name="elf">The object file.</param>
    /// <param name="name">How messages call it, such as <c>accept.bpf.o</c>.</param>
    /// <param name="hooks">The hooks, each with its alternatives, best first.</param>
    /// <param name="configure">
    /// Called on every object that is opened on the way, before its load: sets constants, sizes, shared maps. A program it switches off is
    /// not used, and a hook whose programs it switches off is not missed.
    /// </param>
    /// <param name="logger">Takes what libbpf says, and each alternative the verifier rejected.</param>
    /// <exception cref="BpfException">A required hook has no alternative that works, or the whole does not load.</exception>
    public static AttachedHooks Attach(
        ReadOnlyMemory<byte> elf, string name, IReadOnlyList<Hook> hooks, Action<BpfObject> configure, ILogger logger) =>
        new HookLadder(elf, name, hooks, configure, logger).Climb();

    private AttachedHooks Climb()
    {
        // The best of all at once: on most kernels nothing more is needed. Where it is said which program does not work, its hook goes one down.
        while (_choices.All(choice => choice.IsSettled))
        {
            try
            {
                return Start();
            }
            catch (BpfException e)
            {
                if (_choices.FirstOrDefault(choice => choice.Rung?.Programs.Contains(e.Program) == true) is not { } choice)
                {
                    _logger.LogDebug("{Object}: the best of every hook at once is refused, trying one by one: {Reason}", _name, e.Reason);
                    break;
                }

                Refuse(choice, e);
            }
        }

        foreach (HookChoice choice in _choices)
        {
            Settle(choice);
        }

        return Start();
    }

    /// <summary>Goes down one ladder to the first rung that loads and attaches.</summary>
    private void Settle(HookChoice choice)
    {
        while (choice.Rung is { } rung)
        {
            try
            {
                Try(rung);
                return;
            }
            catch (BpfException e)
            {
                Refuse(choice, e);
            }
        }

        if (choice.IsMissed)
        {
            throw Missing(choice, null);
        }
    }

    /// <summary>Takes a hook one rung down.</summary>
    private void Refuse(HookChoice choice, BpfException e)
    {
        choice.Refuse(choice.Rung!, e);
        if (e.VerifierLog is not null)
        {
            _logger.LogWarning("hook {Hook} of {Object}: {Message}", choice.Hook.Name, _name, e.Message);
        }

        if (choice.IsMissed)
        {
            throw Missing(choice, e);
        }
    }

    private BpfException Missing(HookChoice choice, BpfException? last) =>
        new($"hook '{choice.Hook.Name}' of {_name} cannot be attached on this kernel: {choice.Refused}", last);

    private void Try(HookRung rung)
    {
        using BpfObject trial = Open([.. rung.Programs]);
        foreach (BpfProgram program in trial.Programs)
        {
            program.Autoload = rung.Programs.Contains(program.Name);
        }

        trial.Load();
        Detach(AttachAll(trial, rung.Programs));
    }

    private AttachedHooks Start()
    {
        string[] programs = [.. _choices.SelectMany(choice => choice.Rung?.Programs ?? []).Distinct()];
        BpfObject bpf = Open([.. programs]);
        try
        {
            bpf.Load();
            return new AttachedHooks(bpf, AttachAll(bpf, programs), [.. _choices.Select(choice => choice.Report)]);
        }
        catch
        {
            bpf.Dispose();
            throw;
        }
    }

    /// <summary>Opens and configures; of the programs that hooks name, only these will load.</summary>
    private BpfObject Open(HashSet<string> programs)
    {
        BpfObject bpf = BpfObject.Open(_elf.Span, _name, _logger);
        try
        {
            _configure(bpf);
            foreach (string program in _choices.SelectMany(choice => choice.Hook.Programs).SelectMany(HookRung.Split))
            {
                bpf.Program(program).Autoload = programs.Contains(program);
            }

            return bpf;
        }
        catch
        {
            bpf.Dispose();
            throw;
        }
    }

    private static List<BpfLink> AttachAll(BpfObject bpf, IReadOnlyList<string> programs)
    {
        List<BpfLink> links = [];
        try
        {
            // What an iterator walks, and which cgroup, sockets or device a program is for, the plugin chooses: that it loads is all that can be tried.
            foreach (BpfProgram program in programs.Select(bpf.Program).Where(program => program.Kind is not ("iter" or "sockops" or "sk_msg" or "cgroup" or "tc")))
            {
                links.Add(program.Attach());
            }

            return links;
        }
        catch
        {
            Detach(links);
            throw;
        }
    }

    private static void Detach(IEnumerable<BpfLink> links)
    {
        foreach (BpfLink link in links)
        {
            link.Dispose();
        }
    }
}
