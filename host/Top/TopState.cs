using Pmoas.Host.Overview;

namespace Pmoas.Host.Top;

/// <summary>What the user looks at. Every key makes a new one.</summary>
internal sealed record TopState
{
    /// <summary>Order of the pods.</summary>
    public SortKey Sort { get; init; }

    /// <summary>The other way round.</summary>
    public bool IsReversed { get; init; }

    /// <summary>Only pods whose namespace/name has this text in it.</summary>
    public string Filter { get; init; } = "";

    /// <summary>While the filter is being typed.</summary>
    public bool IsTyping { get; init; }

    /// <summary>Numbers stand still.</summary>
    public bool IsPaused { get; init; }

    /// <summary>Place of the chosen pod in the list.</summary>
    public int Selected { get; init; }

    /// <summary>The pod that is looked into; null: the list.</summary>
    public PodKey? Open { get; init; }

    /// <summary>The user has had enough.</summary>
    public bool IsOver { get; init; }

    /// <summary>The pods to show, in their order.</summary>
    internal IReadOnlyList<PodOverview> Shown(NodeOverview node) =>
        [.. node.Pods.Where(pod => $"{pod.Namespace}/{pod.Pod}".Contains(Filter, StringComparison.OrdinalIgnoreCase)).By(Sort, IsReversed)];

    /// <summary>The pod that is looked into; null when none is, or it ended.</summary>
    internal PodOverview? Opened(NodeOverview node) => node.Pods.FirstOrDefault(pod => new PodKey(pod.Namespace, pod.Pod) == Open);

    /// <summary>What a key makes of it.</summary>
    internal TopState Press(ConsoleKeyInfo key, NodeOverview node)
    {
        if (IsTyping)
        {
            return Type(key);
        }

        int last = Math.Max(Shown(node).Count - 1, 0);
        return (key.Key, key.KeyChar) switch
        {
            (_, 'q' or 'Q') => this with { IsOver = true },
            (_, 'p' or ' ') => this with { IsPaused = !IsPaused },
            (ConsoleKey.Escape or ConsoleKey.Backspace or ConsoleKey.LeftArrow, _) => Open is not null ? this with { Open = null } : this with { Filter = "", Selected = 0 },
            _ when Open is not null => this,
            (ConsoleKey.UpArrow, _) or (_, 'k') => this with { Selected = Math.Clamp(Selected - 1, 0, last) },
            (ConsoleKey.DownArrow, _) or (_, 'j') => this with { Selected = Math.Clamp(Selected + 1, 0, last) },
            (ConsoleKey.Home, _) => this with { Selected = 0 },
            (ConsoleKey.End, _) => this with { Selected = last },
            (ConsoleKey.Enter or ConsoleKey.RightArrow, _) => Shown(node) is [_, ..] pods && pods[Math.Min(Selected, last)] is { } pod ? this with { Open = new PodKey(pod.Namespace, pod.Pod) } : this,
            (_, '/') => this with { IsTyping = true },
            (_, 'c') => By(SortKey.Cpu),
            (_, 'm') => By(SortKey.Memory),
            (_, 'r') => By(SortKey.Requests),
            (_, 'f') => By(SortKey.Forward),
            (_, 'h') => By(SortKey.Handoff),
            (_, 't') => By(SortKey.Retransmits),
            (_, 'n') => By(SortKey.Name),
            _ => this,
        };
    }

    private TopState By(SortKey key) => this with { Sort = key, IsReversed = key == Sort && !IsReversed, Selected = 0 };

    private TopState Type(ConsoleKeyInfo key) => key.Key switch
    {
        ConsoleKey.Enter => this with { IsTyping = false },
        ConsoleKey.Escape => this with { IsTyping = false, Filter = "", Selected = 0 },
        ConsoleKey.Backspace => this with { Filter = Filter[..Math.Max(Filter.Length - 1, 0)], Selected = 0 },
        _ when !char.IsControl(key.KeyChar) => this with { Filter = Filter + key.KeyChar, Selected = 0 },
        _ => this,
    };
}
