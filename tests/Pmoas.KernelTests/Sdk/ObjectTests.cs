using System.Net;
using System.Net.Sockets;
using Pmoas.Host.Demo;
using Pmoas.Sdk.Bpf;

namespace Pmoas.KernelTests.Sdk;

public sealed class ObjectTests : KernelTest
{
    [Fact]
    public void a_loaded_program_says_what_it_is()
    {
        BpfObject bpf = Load("globals");
        BpfProgram add = bpf.Program("add");
        Assert.Equal(("add", "syscall", "syscall"), (add.Name, add.Section, add.Kind));
        BpfProgramInfo info = add.Info;
        Assert.True(info.Id > 0);
        Assert.Equal(31u, info.Type); // BPF_PROG_TYPE_SYSCALL
        string fdinfo = File.ReadAllText($"/proc/self/fdinfo/{add.Fd}");
        Assert.Contains($"prog_id:\t{info.Id}\n", fdinfo);
        Assert.Contains($"prog_tag:\t{info.Tag}\n", fdinfo);
    }

    [Fact]
    public void what_is_no_bpf_object_is_refused_at_open()
    {
        BpfException e = Assert.Throws<BpfException>(() => BpfObject.Open("not an object"u8, "bad.bpf.o", Logger));
        Assert.StartsWith("open bad.bpf.o: ", e.Message);
    }

    [Fact]
    public void an_unknown_map_is_told_with_the_known_ones()
    {
        BpfException e = Assert.Throws<BpfException>(() => Open("ring").Map("event"));
        Assert.StartsWith("ring.bpf.o has no map 'event'; it has: events, events_count", e.Message);
    }

    [Fact]
    public void a_rejected_program_is_told_with_the_end_of_the_verifiers_log()
    {
        BpfObject bpf = Open("ladder");
        foreach (BpfProgram program in bpf.Programs)
        {
            program.Autoload = program.Name == "rejected";
        }

        BpfException e = Assert.Throws<BpfException>(bpf.Load);
        Assert.StartsWith("load ladder.bpf.o: prog 'rejected'", e.Message);
        Assert.Contains("EACCES, Permission denied", e.Message);
        Assert.Contains("invalid mem access 'scalar'", e.Message);
        Assert.Contains("invalid mem access 'scalar'", e.VerifierLog);
        Assert.InRange(e.Message.Split('\n').Length, 2, 9);
        Assert.Equal(13, e.Errno);
    }

    [Fact]
    public void a_program_is_attached_until_its_link_is_disposed()
    {
        BpfObject bpf = Load("ladder", opened =>
        {
            Watch.ThisProcess(opened);
            foreach (BpfProgram program in opened.Programs)
            {
                program.Autoload = program.Name == "by_raw_tp";
            }
        });
        using (bpf.Program("by_raw_tp").Attach())
        {
            Watch.Getppid(times: 3);
        }

        Watch.Getppid(times: 2);
        Assert.Equal(3ul, bpf.GetGlobal<ulong>("seen"));
    }

    [Theory]
    [InlineData(DeviceHook.Ingress)]
    [InlineData(DeviceHook.Egress)]
    public async Task a_program_sees_what_passes_its_device_until_its_link_is_disposed(DeviceHook hook)
    {
        Assert.SkipWhen(!KernelEnum.NamesOf("bpf_attach_type").ContainsKey((uint)hook), "this kernel has no tcx: it is older than 6.6");
        const int Loopback = 1;
        BpfObject bpf = Load("device");
        BpfProgram count = bpf.Program("count");
        NamedNetns netns = new($"pmoas-test-{Environment.ProcessId}-device");
        await netns.CreateAsync(TestContext.Current.CancellationToken);
        try
        {
            BpfException e = await netns.RunAsync(() =>
            {
                using Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
                void Send(int times) => Assert.All(Enumerable.Range(0, times), _ => socket.SendTo("x"u8, new IPEndPoint(IPAddress.Loopback, 9)));
                using (count.AttachToDevice(Loopback, hook))
                {
                    Send(3);
                }

                Send(2);
                return Assert.Throws<BpfException>(() => count.AttachToDevice(int.MaxValue, hook));
            });

            Assert.Equal($"attach count to the {hook.ToString().ToLowerInvariant()} of device {int.MaxValue}: ENODEV, No such device", e.Message);
            Assert.Equal(6ul, bpf.GetGlobal<ulong>("seen")); // nobody listens: each is answered, by ICMP over the same device
        }
        finally
        {
            await netns.DeleteAsync();
        }
    }

    [Fact]
    public void a_map_of_a_disposed_object_is_an_error_and_no_crash()
    {
        BpfObject bpf = Load("globals");
        BpfMap map = bpf.Map("shared");
        bpf.Dispose();
        Assert.Throws<ObjectDisposedException>(() => map.TryGet(7u, out ulong _));
        Assert.Throws<ObjectDisposedException>(() => bpf.GetGlobal<ulong>("total"));
    }

    [Fact]
    public void the_object_of_no_kernel_part_is_empty()
    {
        Assert.Empty(BpfObject.None.Programs);
        Assert.Empty(BpfObject.None.Maps);
        Assert.Empty(BpfObject.None.Btf.EventStructs);
        BpfObject.None.Dispose();
        Assert.False(BpfObject.None.HasMap("events"));
    }
}
