namespace Pmoas.FakeKubernetes;

/// <summary>What is refused, and how often still. Thread-safe.</summary>
internal sealed class FakeRefusals
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (FakeRefusal Refusal, int Times)> _refused = [];

    /// <summary>Refuses what is asked for by a verb, so many times.</summary>
    public void Add(string verb, FakeRefusal refusal, int times)
    {
        lock (_lock)
        {
            _refused[verb] = (refusal, times);
        }
    }

    /// <summary>Refuses nothing any more.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _refused.Clear();
        }
    }

    /// <summary>Whether this request is refused; it counts.</summary>
    public FakeRefusal? Take(string verb)
    {
        lock (_lock)
        {
            if (!_refused.TryGetValue(verb, out (FakeRefusal Refusal, int Times) found) || found.Times == 0)
            {
                return null;
            }
            _refused[verb] = (found.Refusal, found.Times - 1);
            return found.Refusal;
        }
    }
}

/// <summary>How something is refused.</summary>
/// <param name="Code">HTTP status.</param>
/// <param name="Message">What the status object says.</param>
/// <param name="RetryAfter">The header of that name; null: none.</param>
internal sealed record FakeRefusal(int Code, string Message, TimeSpan? RetryAfter)
{
    /// <summary>The reason a real server gives with the code.</summary>
    public string Reason => Code switch
    {
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        410 => "Expired",
        429 => "TooManyRequests",
        _ => "InternalError",
    };
}
