using Pmoas.Sdk;
using Pmoas.Sdk.Bpf;

namespace Pmoas.KernelTests.Sdk;

public sealed class LadderTests : KernelTest
{
    [Fact]
    [OnEveryKernel]
    public void the_best_rung_this_kernel_takes_is_chosen_and_the_others_say_why_not()
    {
        AttachedHooks attached = Attach(new Hook("getppid", "by_fexit", "by_kprobe", "by_tp_btf", "by_tracepoint"));
        HookReport report = Assert.Single(attached.Hooks);
        Watch.Getppid(times: 4);
        Assert.Equal(4ul, attached.Object.GetGlobal<ulong>("seen"));
        if (report.Program != "by_fexit")
        {
            Assert.StartsWith("by_fexit (fexit): ", report.Refused);
            Assert.DoesNotContain("\n", report.Refused);
        }
        else
        {
            Assert.Null(report.Refused);
        }
    }

    [Fact]
    public void where_fexit_and_kprobes_are_refused_tp_btf_serves()
    {
        HookReport report = Assert.Single(Attach(new Hook("getppid", "by_fexit", "by_kprobe", "by_tp_btf", "by_tracepoint")).Hooks);
        if (report.Kind is "fexit" or "kprobe")
        {
            Assert.Skip($"this kernel takes {report.Kind}");
        }

        Assert.Equal(("by_tp_btf", "tp_btf"), (report.Program, report.Kind));
        Assert.Contains("by_kprobe (kprobe): this kernel has no kprobes", report.Refused);
    }

    [Fact]
    public void a_kernel_that_forbids_fexit_says_so_at_once_the_second_time_too()
    {
        for (int start = 0; start < 2; start++)
        {
            HookReport report = Assert.Single(Attach(new Hook("accept", "accept_by_fexit", "by_raw_tp")).Hooks);
            if (report.Kind == "fexit")
            {
                Assert.Skip("this kernel takes fexit");
            }

            Assert.StartsWith("accept_by_fexit (fexit): EPERM, Operation not permitted", report.Refused);
        }
    }

    [Fact]
    public void what_a_kernel_forbids_is_learned_from_programs_that_work_together_too()
    {
        HookChoice.RefusedKinds.Remove("fexit", out _);
        HookReport report = Assert.Single(Attach(new Hook("accept", "accept_by_fexit+by_raw_tp", "by_raw_tp")).Hooks);
        if (report.Kind != "raw_tp")
        {
            Assert.Skip("this kernel takes fexit");
        }

        Assert.Equal("accept_by_fexit+by_raw_tp (fexit+raw_tp): EPERM, Operation not permitted", report.Refused);
        Assert.Equal("EPERM, Operation not permitted", HookChoice.RefusedKinds.GetValueOrDefault("fexit"));
        Assert.Equal(report, Assert.Single(Attach(new Hook("accept", "accept_by_fexit+by_raw_tp", "by_raw_tp")).Hooks));
    }

    [Fact]
    public void a_tracepoint_serves_where_nothing_better_is_named()
    {
        AttachedHooks attached = Attach(new Hook("getppid", "by_tracepoint"));
        Assert.Equal(new HookReport("getppid", "by_tracepoint", "tracepoint", null), Assert.Single(attached.Hooks));
        Watch.Getppid(times: 5);
        Assert.Equal(5ul, attached.Object.GetGlobal<ulong>("seen"));
    }

    [Fact]
    [OnEveryKernel]
    public void programs_joined_by_plus_stand_or_fall_together()
    {
        AttachedHooks attached = Attach(new Hook("getppid", "by_raw_tp+by_nothing", "by_raw_tp+by_tp_btf"));
        HookReport report = Assert.Single(attached.Hooks);
        Assert.Equal(("by_raw_tp+by_tp_btf", "raw_tp+tp_btf"), (report.Program, report.Kind));
        Watch.Getppid(times: 3);
        Assert.Equal(6ul, attached.Object.GetGlobal<ulong>("seen"));
    }

    [Fact]
    [OnEveryKernel]
    public void a_rung_the_verifier_rejects_is_passed_and_its_sentence_kept()
    {
        HookReport report = Assert.Single(Attach(new Hook("getppid", "rejected", "by_raw_tp")).Hooks);
        Assert.Equal("by_raw_tp", report.Program);
        Assert.Contains("invalid mem access 'scalar'", report.Refused);
    }

    [Fact]
    public void a_required_hook_without_a_rung_is_an_error_with_every_reason()
    {
        BpfException e = Assert.Throws<BpfException>(() => Attach(new Hook("getppid", "by_nothing", "rejected")));
        Assert.StartsWith(
            "hook 'getppid' of ladder.bpf.o cannot be attached on this kernel: by_nothing (tracepoint): ENOENT, No such file or directory (",
            e.Message);
        Assert.Contains("failed to determine tracepoint 'syscalls/sys_enter_no_such_call' perf event ID", e.Message);
        Assert.Contains("rejected (raw_tp): EACCES", e.Message);
        Assert.Contains("invalid mem access 'scalar'", e.VerifierLog);
    }

    [Fact]
    [OnEveryKernel]
    public void an_optional_hook_without_a_rung_is_reported()
    {
        AttachedHooks attached = Attach(new Hook("nothing", "by_nothing") { Required = false }, new Hook("getppid", "by_raw_tp"));
        Assert.Null(attached.Hooks[0].Program);
        Assert.StartsWith("by_nothing (tracepoint): ENOENT", attached.Hooks[0].Refused);
        Assert.Equal("by_raw_tp", attached.Hooks[1].Program);
    }

    [Fact]
    public void a_program_switched_off_by_its_configuration_is_not_used()
    {
        AttachedHooks attached = Attach(
            opened => opened.Program("by_raw_tp").Autoload = false,
            new Hook("getppid", "by_raw_tp"));
        Assert.Equal(new HookReport("getppid", null, null, "by_raw_tp: switched off by its configuration") { IsSwitchedOff = true }, Assert.Single(attached.Hooks));
        Watch.Getppid(times: 2);
        Assert.Equal(0ul, attached.Object.GetGlobal<ulong>("seen"));
    }

    [Fact]
    public void a_hook_that_names_an_unknown_program_is_an_error()
    {
        BpfException e = Assert.Throws<BpfException>(() => Attach(new Hook("getppid", "by_magic")));
        Assert.StartsWith("ladder.bpf.o has no program 'by_magic'; it has: by_fexit, ", e.Message);
    }

    [Fact]
    public void twenty_starts_and_stops_leave_no_descriptor()
    {
        Attach(new Hook("getppid", "by_fexit", "by_tracepoint")).Dispose();
        int before = Directory.GetFiles("/proc/self/fd").Length;
        for (int start = 0; start < 20; start++)
        {
            using AttachedHooks attached = Attach(new Hook("getppid", "by_fexit", "rejected", "by_tracepoint"));
            attached.Object.Program("walk_tasks").AttachIterator().Dispose();
        }

        // Fewer, where a test before this one had left one to the garbage collector.
        Assert.InRange(Directory.GetFiles("/proc/self/fd").Length, 0, before);
    }

    [Fact]
    public void an_iterator_no_hook_names_is_loaded_and_walks_this_process_only()
    {
        AttachedHooks attached = Attach(new Hook("getppid", "by_raw_tp"));
        using BpfIterator iterator = attached.Object.Program("walk_tasks").AttachIterator(BpfIteratorTarget.Process((uint)Environment.ProcessId));
        int written = 0;
        iterator.Run(piece => written += piece.Length);
        ulong walked = attached.Object.GetGlobal<ulong>("walked");
        Assert.Equal(walked * sizeof(uint), (ulong)written);
        Assert.InRange(walked, 2ul, 500ul); // the threads of this process; .NET has several
        iterator.Run();
        Assert.True(attached.Object.GetGlobal<ulong>("walked") > walked);
    }

    /// <summary>The programs of no concern are switched off: what no hook names would be loaded.</summary>
    private AttachedHooks Attach(params Hook[] hooks) => Attach(_ => { }, hooks);

    private AttachedHooks Attach(Action<BpfObject> configure, params Hook[] hooks)
    {
        HashSet<string> named = [.. hooks.SelectMany(hook => hook.Programs).SelectMany(alternative => alternative.Split('+'))];
        return Keep(HookLadder.Attach(
            TestObject.Elf("ladder"),
            "ladder.bpf.o",
            hooks,
            opened =>
            {
                Watch.ThisProcess(opened);
                foreach (BpfProgram program in opened.Programs.Where(program => program.Kind != "iter" && !named.Contains(program.Name)))
                {
                    program.Autoload = false;
                }

                configure(opened);
            },
            Logger));
    }
}
