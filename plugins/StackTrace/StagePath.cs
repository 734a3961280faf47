using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Pmoas.Sdk;
using Pmoas.Sdk.Bpf;

namespace Pmoas.StackTrace;

/// <summary>
/// The stages of a configuration, in the order a byte passes them, which numbers them. Those that are known have their order; another function of the kernel has
/// its place after the one it is listed after.
/// </summary>
internal sealed partial class StagePath
{
    /// <summary><c>STAGES</c>.</summary>
    public const int MaxStages = 24;

    /// <summary><c>FUNCTIONS</c>.</summary>
    public const int MaxFunctions = 12;

    private const string Packet = "sk_buff";

    private readonly IReadOnlyList<Place> _places;

    private StagePath(IReadOnlyList<Place> places) => _places = places;

    /// <summary>How many stages there are.</summary>
    public int Length => _places.Count;

    /// <summary>A hook for each.</summary>
    public IEnumerable<Hook> Hooks => _places.Select((place, number) => new Hook(place.Stage.Name, ProgramsOf(number)) { Required = false, WithoutIt = place.Stage.WithoutIt });

    /// <summary>The path of these names, which have no <see cref="Mistakes"/>.</summary>
    public static StagePath Of(IReadOnlyList<string> names) =>
        new([.. Placed(names).OrderBy(place => place.Known).ThenBy(place => place.After)]);

    /// <summary>What is wrong with the names, sentences without their ends.</summary>
    public static IEnumerable<string> Mistakes(IReadOnlyList<string> names)
    {
        if (names.Count == 0)
        {
            yield return $"empty; name at least one of {Stages.Names}";
            yield break;
        }

        if (names.Count > MaxStages)
        {
            yield return $"{names.Count} stages are more than the {MaxStages} that a path can have";
        }

        if (names.Count(name => Stages.IndexOf(name) is var known && (known < 0 || Stages.All[known].IsFunction)) is var functions && functions > MaxFunctions)
        {
            yield return $"{functions} of them are functions, and {MaxFunctions} can be";
        }

        foreach (string name in names.GroupBy(name => name).Where(same => same.Count() > 1).Select(same => same.Key))
        {
            yield return $"\"{name}\" is named twice";
        }

        foreach (string name in names.Where(name => !FunctionName().IsMatch(name)))
        {
            yield return $"\"{name}\" is neither a stage nor the name of a function; there are the stages {Stages.Names}";
        }

        if (!names.Any(name => Stages.IndexOf(name) >= 0))
        {
            yield return $"a function has its place after the stage it is listed after; name at least one of {Stages.Names}";
        }

        if (names.Contains(Stages.Transmitted) && !names.Contains(Stages.Transmits))
        {
            yield return $"\"{Stages.Transmitted}\" tells of a packet only what {Stages.Transmits} has kept of it; list both";
        }

        foreach (Place place in Placed(names).Where(place => place.After > 0 && place.Known >= Stages.FirstAtTcp))
        {
            yield return $"\"{place.Stage.Name}\" is no stage, and as a function it stands too late: when TCP has a packet it has no device any more. List it before tcp_probe; "
                + $"there are the stages {Stages.Names}";
        }
    }

    /// <summary>Whether any is passed in the node.</summary>
    public bool HasNodeStages => Enumerable.Range(0, Length).Any(number => SideOf(number) == Side.Node);

    /// <summary>Name of a stage, or of a state of TCP, by its number in the kernel's books.</summary>
    public string NameOf(uint number) => number < Stages.TcpState ? _places[(int)number].Stage.Name : Stages.NameOfState((int)number - Stages.TcpState);

    /// <summary>The names in their order, for messages.</summary>
    public override string ToString() => string.Join(", ", _places.Select(place => place.Stage.Name));

    /// <summary>Number of a stage, or -1.</summary>
    public int IndexOf(string name)
    {
        for (int number = 0; number < _places.Count; number++)
        {
            if (_places[number].Stage.Name == name)
            {
                return number;
            }
        }

        return -1;
    }

    /// <summary>Who passes it.</summary>
    public Side SideOf(int number) => _places[number].Known switch
    {
        var known when known >= Stages.FirstOfReceiver => Side.Receiver,
        var known when known >= Stages.FirstOfNode => Side.Node,
        _ => Side.Sender,
    };

    /// <summary>Whether it is a function of the kernel.</summary>
    public bool IsFunction(int number) => _places[number].Stage.IsFunction;

    /// <summary>Whether every packet on its side passes it: a function may be passed by some, and a hook of TC is there when the device has been found.</summary>
    public bool IsPassedByAll(int number) => !IsFunction(number) && !Stages.TcHooks.ContainsKey(_places[number].Stage.Name);

    /// <summary>Whether only what stays in the pod passes it.</summary>
    public bool IsOfLoopback(int number) => _places[number].Stage.Name == "loopback_xmit";

    /// <summary>Whether it is a tracepoint that a packet passes on its way out.</summary>
    public bool IsQueueOfSender(int number) => SideOf(number) == Side.Sender && IsPassedByAll(number) && _places[number].Known > 0;

    /// <summary>The programs that notice it, best first.</summary>
    public IReadOnlyList<string> ProgramsOf(int number) =>
        _places[number].Stage is { IsFunction: false } known ? known.Programs : FunctionPrograms(FunctionsBefore(number));

    /// <summary>The programs that notice functions of the sender by kprobe: these cannot ask a socket whose it is.</summary>
    public IEnumerable<string> ProbesOfSender =>
        from number in Enumerable.Range(0, Length) where IsFunction(number) && SideOf(number) == Side.Sender select ByKprobe(FunctionsBefore(number));

    /// <summary>Sets the path in an object that is not loaded: the numbers, and which functions its programs are for.</summary>
    public void Configure(BpfObject bpf)
    {
        PathLayout layout = default;
        for (int i = 0; i < Stages.Tracepoints.Count; i++)
        {
            int number = IndexOf(Stages.Tracepoints[i].Name);
            layout.Tracepoint[i] = number < 0 ? Stages.None : (byte)number;
            if (number < 0)
            {
                bpf.SwitchOff(Stages.Tracepoints[i].Programs);
            }
        }

        string[] hooks = [.. Stages.TcHooks.Keys.Where(stage => IndexOf(stage) >= 0)];
        if (hooks.Length > 0 && !KernelEnum.NamesOf("bpf_attach_type").ContainsKey((uint)DeviceHook.Egress))
        {
            foreach (string stage in hooks)
            {
                bpf.Refuse(stage, "this kernel has no hooks of TC for links (tcx): boot 6.6 or newer");
            }
        }

        int functions = 0;
        for (int number = 0; number < Length; number++)
        {
            if (IsFunction(number))
            {
                layout.Function[functions] = Aim(bpf, functions, number);
                functions++;
            }
        }

        bpf.SwitchOff(Enumerable.Range(functions, MaxFunctions - functions).SelectMany(FunctionPrograms));
        bpf.SetGlobal("path", layout);
        bpf.SetGlobal("path_length", (uint)Length);
        bpf.SetGlobal("node_stages", HasNodeStages);
        bpf.SetGlobal("first_at_tcp", CountBefore(Stages.FirstAtTcp));
        bpf.SetGlobal("first_with_device", CountBefore(Stages.FirstWithDevice));
    }

    /// <summary>Every name with its place: a known one's own, or that of the known one before it and how many after that.</summary>
    private static List<Place> Placed(IReadOnlyList<string> names)
    {
        List<Place> places = [];
        int known = names.Select(Stages.IndexOf).FirstOrDefault(index => index >= 0);
        int after = -names.TakeWhile(name => Stages.IndexOf(name) < 0).Count();
        foreach (string name in names)
        {
            if (Stages.IndexOf(name) is var index && index >= 0)
            {
                (known, after) = (index, 0);
                places.Add(new Place(Stages.All[index], known, after));
            }
            else
            {
                after += after < 0 ? 0 : 1;
                places.Add(new Place(new Stage(name, "a function of the kernel that you named"), known, after));
                after += after < 0 ? 1 : 0;
            }
        }

        return places;
    }

    /// <summary>How many stages there are before the first known one from this position on.</summary>
    private uint CountBefore(int known) => (uint)_places.TakeWhile(place => place.Known < known || place.After < 0).Count();

    private static string ByFentry(int slot) => $"function_{slot}";

    /// <summary>Where the kernel cannot have the other.</summary>
    private static string ByKprobe(int slot) => $"function_{slot}_probed";

    private static IReadOnlyList<string> FunctionPrograms(int slot) => [ByFentry(slot), ByKprobe(slot)];

    private int FunctionsBefore(int number) => _places.Take(number).Count(place => place.Stage.IsFunction);

    private FunctionLayout Aim(BpfObject bpf, int slot, int number)
    {
        string name = _places[number].Stage.Name;
        if (!KernelFunction.TryFind(name, out KernelFunction? function))
        {
            return Refuse(bpf, slot, $"this kernel has no function {name}, or its module is not loaded");
        }

        int argument = function.ArgumentOf(Packet);
        if (argument is < 0 or > 4)
        {
            return Refuse(bpf, slot, $"the function {name} has no argument of type struct {Packet} *");
        }

        bpf.AimAt(ByKprobe(slot), name);
        if (function.Module is { } module && SideOf(number) == Side.Sender)
        {
            // The verifier looks for the name of a module's function among the kernel's own, finds none, and follows a null pointer
            // (bpf_sk_storage_tracing_allowed): seen to end a 6.1 and a 6.12. Kprobes, and the receiver's programs, do not ask for what a socket keeps.
            bpf.Refuse(ByFentry(slot), $"{name} is a function of the module {module}, which kernels do not survive to be asked for by fentry on the sender's side");
        }
        else
        {
            bpf.AimAt(ByFentry(slot), name);
        }

        return new FunctionLayout((byte)number, (byte)argument, SideOf(number), 0);
    }

    private static FunctionLayout Refuse(BpfObject bpf, int slot, string reason)
    {
        foreach (string program in FunctionPrograms(slot))
        {
            bpf.Refuse(program, reason);
        }

        return new FunctionLayout(Stages.None, 0, Side.Sender, 0);
    }

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_.]*$")]
    private static partial Regex FunctionName();

    /// <summary>A stage and where it is.</summary>
    /// <param name="Stage">The stage.</param>
    /// <param name="Known">Position among all that are known: its own, or of the one it is listed after.</param>
    /// <param name="After">0 for one that is known, otherwise how many behind it, or before it when it is the first.</param>
    private sealed record Place(Stage Stage, int Known, int After);
}

/// <summary><c>struct packet_function</c> (bpf/stack_trace/path.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct FunctionLayout(byte Stage, byte Argument, Side Side, byte Unused);

/// <summary><c>enum side</c>.</summary>
internal enum Side : byte
{
    /// <summary>What sends.</summary>
    Sender,

    /// <summary>Outside of the pod's network namespace.</summary>
    Node,

    /// <summary>What receives.</summary>
    Receiver,
}

/// <summary><c>struct path</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PathLayout
{
    /// <summary>Number of each tracepoint.</summary>
    public TracepointNumbers Tracepoint;

    /// <summary>Functions.</summary>
    public FunctionLayouts Function;

    /// <summary><c>path.tracepoint</c>.</summary>
    [InlineArray(16)]
    internal struct TracepointNumbers
    {
        private byte _first;
    }

    /// <summary><c>path.function</c>.</summary>
    [InlineArray(StagePath.MaxFunctions)]
    internal struct FunctionLayouts
    {
        private FunctionLayout _first;
    }
}
