using Pmoas.Host.Pods;
using Pmoas.Sdk.Pods;

namespace Pmoas.Tests.Pods;

public sealed class RuleMatchTests
{
    private static readonly PodSpec Pod = Specs.Pod("p") with
    {
        Labels = new Dictionary<string, string> { ["app.kubernetes.io/component"] = "proxy", ["team"] = "", ["mode"] = "a=b" },
        Annotations = new Dictionary<string, string> { ["pmoas.io/sidecar"] = "logger, envoy" },
    };

    private static readonly ContainerSpec Envoy = Specs.Container("envoy", image: "docker.io/envoyproxy/envoy:v1.30") with
    {
        Labels = new Dictionary<string, string> { ["tier"] = "edge" },
        Annotations = new Dictionary<string, string> { ["note"] = "some words here" },
    };

    [Theory]
    [InlineData("envoy", true)]
    [InlineData("env*", true)]
    [InlineData("en?oy", true)]
    [InlineData("*", true)]
    [InlineData("Envoy", false)]
    [InlineData("env", false)]
    [InlineData("en?voy", false)]
    [InlineData("env.y", false)]
    public void name_is_a_glob_of_the_whole_name(string glob, bool matches) => Assert.Equal(matches, Matches(new() { Name = glob }));

    [Theory]
    [InlineData("*/envoyproxy/envoy:*", true)]
    [InlineData("*envoy", false)]
    [InlineData(@"docker.io\*", false)]
    public void image_is_a_glob(string glob, bool matches) => Assert.Equal(matches, Matches(new() { Image = glob }));

    [Theory]
    [InlineData("app.kubernetes.io/component=proxy", true)]
    [InlineData("app.kubernetes.io/component=p*", true)]
    [InlineData("app.kubernetes.io/component=web", false)]
    [InlineData("app.kubernetes.io/component", true)]
    [InlineData("team", true)]
    [InlineData("team=", true)]
    [InlineData("tier=edge", true)]
    [InlineData("pmoas.io/sidecar=*envoy", true)]
    [InlineData("tea", false)]
    [InlineData("mode=a=b", true)]
    [InlineData("mode=a=*", true)]
    [InlineData("mode=a", false)]
    [InlineData("mode=*", true)]
    [InlineData("note=*words*", true)]
    [InlineData("tier=Edge", false)]
    [InlineData("ti*", false)]
    public void label_is_one_of_the_pod_or_the_container(string label, bool matches) => Assert.Equal(matches, Matches(new() { Label = label }));

    [Theory]
    [InlineData("/usr/local/bin/envoy", "/usr/local/bin/envoy", true)]
    [InlineData("*/envoy", "/usr/local/bin/envoy", true)]
    [InlineData("*envoy", "/usr/local/bin/envoy-wrapper", false)]
    [InlineData("envoy", "/usr/local/bin/envoy", false)]
    [InlineData("*", "", false)]
    [InlineData("", "", false)]
    public void command_is_a_glob_of_a_known_executable(string glob, string command, bool matches) =>
        Assert.Equal(matches, Matches(new() { Command = glob }, command));

    [Theory]
    [InlineData("envoy", true)]
    [InlineData("logger", true)]
    [InlineData("log", false)]
    public void listed_in_names_containers(string name, bool matches) =>
        Assert.Equal(matches, RuleMatch.Matches(new() { ListedIn = "pmoas.io/sidecar" }, Pod, Specs.Container(name), ""));

    [Fact]
    public void every_key_of_a_rule_must_match()
    {
        Assert.True(Matches(new() { Name = "envoy", Label = "tier" }));
        Assert.False(Matches(new() { Name = "envoy", Label = "tier=core" }));
    }

    [Fact]
    public void the_first_rule_that_matches_is_named()
    {
        SidecarRule[] rules =
        [
            new() { Name = "other", Origin = "rule 1 of pmoas.toml" },
            new() { Name = "en*", Image = "*/envoy:*", Origin = "rule 2 of pmoas.toml" },
            new() { Name = "envoy", Origin = "rule 3 of pmoas.toml" },
        ];

        Assert.Equal(
            new RoleDecision(Role.Sidecar, "rule 2 of pmoas.toml: name \"en*\", image \"*/envoy:*\""), RuleMatch.Decide(rules, Pod, Envoy, ""));
    }

    [Theory]
    [InlineData(nameof(ContainerKind.Main), Role.Service, "no rule matches")]
    [InlineData(nameof(ContainerKind.Init), Role.Init, "an init container, and no rule matches")]
    [InlineData(nameof(ContainerKind.Ephemeral), Role.Ephemeral, "an ephemeral container, and no rule matches")]
    [InlineData(nameof(ContainerKind.NativeSidecar), Role.Service, "no rule matches")]
    public void without_a_rule_the_kind_decides(string kind, Role role, string reason) =>
        Assert.Equal(new RoleDecision(role, reason), RuleMatch.Decide([], Pod, Envoy with { Kind = Enum.Parse<ContainerKind>(kind) }, ""));

    [Theory]
    [InlineData("lab", true)]
    [InlineData("l*", true)]
    [InlineData("", false)]
    [InlineData("lab-2", false)]
    public void namespace_is_a_glob_of_the_pods(string glob, bool matches) => Assert.Equal(matches, Matches(new() { Namespace = glob }));

    [Fact]
    public void a_namespace_narrows_a_rule()
    {
        Assert.True(Matches(new() { Namespace = "lab", Name = "envoy" }));
        Assert.False(Matches(new() { Namespace = "edge", Name = "envoy" }));
    }

    [Theory]
    [InlineData("envoy,logger", true)]
    [InlineData(" envoy , logger ", true)]
    [InlineData("envoy,", true)]
    [InlineData(",,envoy,,", true)]
    [InlineData("nobody, envoy", true)]
    [InlineData("nobody", false)]
    [InlineData("env*", false)]
    [InlineData("envoy logger", false)]
    [InlineData("true", false)]
    [InlineData("", false)]
    public void a_list_of_the_pod_may_have_blanks_and_trailing_commas(string list, bool matches)
    {
        foreach (PodSpec pod in new[] { Pod with { Labels = Label("proxies", list) }, Pod with { Annotations = Label("proxies", list) } })
        {
            Assert.Equal(matches, RuleMatch.Matches(new() { ListedIn = "proxies" }, pod, Envoy, ""));
            Assert.False(RuleMatch.Matches(new() { ListedIn = "proxies-2" }, pod, Envoy, ""));
        }
    }

    [Theory]
    [InlineData("proxy", "true", "proxy")]
    [InlineData("proxy", " true ", "proxy")]
    [InlineData("app", "proxy, logger", "proxy logger")]
    [InlineData("app", "proxy,nobody,", "proxy")]
    [InlineData("proxy", "proxy", "proxy")]
    [InlineData("proxy", "false", "")]
    [InlineData("proxy", "True", "")]
    public void a_container_may_say_it_is_one_or_list_those_of_its_pod(string labelled, string value, string sidecars)
    {
        PodSpec pod = Specs.Pod("p", Labelled("app"), Labelled("proxy"), Labelled("logger"), Labelled("true"));
        Assert.Equal(sidecars, string.Join(' ', Sidecars([new() { ListedIn = "pmoas.io/sidecar" }], pod)));

        ContainerSpec Labelled(string name) => Specs.Container(name) with { Labels = name == labelled ? Label("pmoas.io/sidecar", value) : Specs.None };
    }

    [Theory]
    [InlineData("team=blue", nameof(ContainerKind.Init), false)]
    [InlineData("team=blue", nameof(ContainerKind.Ephemeral), false)]
    [InlineData("team=blue", nameof(ContainerKind.Main), true)]
    [InlineData("tier=edge", nameof(ContainerKind.Init), true)]
    [InlineData("tier=edge", nameof(ContainerKind.Ephemeral), true)]
    [InlineData("tier=edge", nameof(ContainerKind.Sandbox), false)]
    public void a_label_of_the_pod_takes_no_init_container_a_label_of_its_own_does(string label, string kind, bool matches) =>
        Assert.Equal(matches, RuleMatch.Matches(
            new() { Label = label, Name = "en*" }, Pod with { Labels = Label("team", "blue") }, Envoy with { Kind = Enum.Parse<ContainerKind>(kind) }, ""));

    [Theory]
    [InlineData(nameof(ContainerKind.Init))]
    [InlineData(nameof(ContainerKind.Ephemeral))]
    [InlineData(nameof(ContainerKind.Sandbox))]
    public void name_image_command_and_namespace_take_only_what_runs_for_the_pods_life(string kind)
    {
        SidecarRule rule = new() { Name = "*", Image = "*", Command = "*", Namespace = "*" };
        Assert.True(RuleMatch.Matches(rule, Pod, Envoy, "/bin/x"));
        Assert.False(RuleMatch.Matches(rule, Pod, Envoy with { Kind = Enum.Parse<ContainerKind>(kind) }, "/bin/x"));
    }

    [Theory]
    [InlineData(true, "", false)] // alone
    [InlineData(false, "", true)] // perhaps not alone
    [InlineData(true, "app Main", true)]
    [InlineData(true, "proxy Main", false)] // started again, and still there under the same name
    [InlineData(true, " Main", false)] // nameless: perhaps the pause container
    [InlineData(true, "setup Init", false)]
    [InlineData(true, "logger NativeSidecar", false)] // nothing that a proxy could serve
    [InlineData(true, "debugger Ephemeral", false)]
    public void a_rule_that_needs_company_matches_beside_another_main_container(bool isComplete, string other, bool matches)
    {
        ContainerSpec proxy = Specs.Container("proxy");
        ContainerSpec[] others = other.Length == 0 ? [] : [Specs.Container(other.Split(' ')[0], kind: Enum.Parse<ContainerKind>(other.Split(' ')[1]))];
        PodSpec pod = Specs.Pod("p", [proxy, .. others]) with { IsComplete = isComplete };

        Assert.Equal(matches, RuleMatch.Matches(new() { Name = "proxy", NeedsCompany = true }, pod, proxy, ""));
        Assert.True(RuleMatch.Matches(new() { Name = "proxy" }, pod, proxy, ""));
    }

    [Fact]
    public void a_later_rule_that_needs_no_company_still_decides()
    {
        ContainerSpec proxy = Specs.Container("proxy");
        PodSpec pod = Specs.Pod("p", proxy) with { IsComplete = true };
        SidecarRule alone = new() { Name = "proxy", NeedsCompany = true, Origin = "rule 1" };

        Assert.Equal(new RoleDecision(Role.Service, "the pod's only main container, and rule 1 needs company"), RuleMatch.Decide([alone], pod, proxy, ""));
        Assert.Equal(
            new RoleDecision(Role.Sidecar, "rule 2: namespace \"lab\""),
            RuleMatch.Decide([alone, new() { Namespace = "lab", Origin = "rule 2" }], pod, proxy, ""));
    }

    [Fact]
    public void every_key_is_said_in_words() =>
        Assert.Equal(
            "namespace \"a\", name \"b\", image \"c\", label \"d=e\", command \"f\", listed_in \"g\", kind \"native_sidecar\", needs_company true",
            RuleMatch.InWords(new()
            {
                Namespace = "a",
                Name = "b",
                Image = "c",
                Label = "d=e",
                Command = "f",
                ListedIn = "g",
                Kind = ContainerKind.NativeSidecar,
                NeedsCompany = true,
            }));

    private static IEnumerable<string> Sidecars(IReadOnlyList<SidecarRule> rules, PodSpec pod) =>
        pod.Containers.Where(c => RuleMatch.Decide(rules, pod, c, "").Role == Role.Sidecar).Select(c => c.Name);

    private static Dictionary<string, string> Label(string key, string value) => new() { [key] = value };

    private static bool Matches(SidecarRule rule, string command = "") => RuleMatch.Matches(rule, Pod, Envoy, command);
}
