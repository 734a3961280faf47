using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Pmoas.Host.Config;

namespace Pmoas.Host.Http;

/// <summary>What came of a reader's credentials.</summary>
internal enum Admission
{
    /// <summary>They are right, or none are needed.</summary>
    Granted,

    /// <summary>They are missing or wrong.</summary>
    Denied,

    /// <summary>Too many are being compared: come again.</summary>
    Busy,
}

/// <summary>Who may read: a bearer token, users with passwords, or everybody. Thread-safe.</summary>
internal sealed class Credentials : IDisposable
{
    private const int MostRemembered = 64;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly RenewedFiles<Users>? _users;
    private readonly RenewedFiles<byte[]>? _token;

    // Comparing with a bcrypt hash takes a tenth of a second of CPU, so one at a time, and what was right once is remembered by its digest.
    private readonly SemaphoreSlim _comparing = new(1, 1);
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly Lock _gate = new();
    private readonly HashSet<string> _remembered = new(StringComparer.Ordinal);
    private Users? _rememberedOf;

    /// <summary>Reads the files that the options name.</summary>
    /// <exception cref="HttpFileException">One cannot be used.</exception>
    public Credentials(HttpOptions options, ILogger log, TimeProvider time)
    {
        _users = options.UsersFile is { Length: > 0 } users ? new([users], files => new Users(users, files[0]), log, time) : null;
        _token = options.TokenFile is { Length: > 0 } token ? new([token], files => Token(token, files[0]), log, time) : null;
    }

    /// <summary>Values of WWW-Authenticate that tell a reader what to send.</summary>
    public IEnumerable<string> Challenges =>
        [.. _users is null ? (string[])[] : ["Basic realm=\"pmoas\", charset=\"UTF-8\""], .. _token is null ? (string[])[] : ["Bearer realm=\"pmoas\""]];

    /// <summary>Judges the value of an Authorization header; empty when the reader sent none.</summary>
    public async Task<Admission> JudgeAsync(string authorization)
    {
        if (_users is null && _token is null)
        {
            return Admission.Granted;
        }

        if (!AuthenticationHeaderValue.TryParse(authorization, out AuthenticationHeaderValue? sent) || sent.Parameter is not { } parameter)
        {
            return Admission.Denied;
        }

        return sent.Scheme.ToUpperInvariant() switch
        {
            "BEARER" when _token is not null =>
                CryptographicOperations.FixedTimeEquals(Digest(parameter), Keyed(_token.Current)) ? Admission.Granted : Admission.Denied,
            "BASIC" when _users is not null => await JudgeUserAsync(_users.Current, parameter),
            _ => Admission.Denied,
        };
    }

    /// <inheritdoc/>
    public void Dispose() => _comparing.Dispose();

    private async Task<Admission> JudgeUserAsync(Users users, string parameter)
    {
        string digest = Convert.ToHexString(Digest(parameter));
        if (IsRemembered(users, digest))
        {
            return Admission.Granted;
        }

        if (UserAndPassword(parameter) is not (string name, string password))
        {
            return Admission.Denied;
        }

        if (!await _comparing.WaitAsync(Patience))
        {
            return Admission.Busy;
        }

        try
        {
            if (!await Task.Run(() => users.Verify(name, password)))
            {
                return Admission.Denied;
            }

            Remember(users, digest);
            return Admission.Granted;
        }
        finally
        {
            _comparing.Release();
        }
    }

    private bool IsRemembered(Users users, string digest)
    {
        lock (_gate)
        {
            return ReferenceEquals(_rememberedOf, users) && _remembered.Contains(digest);
        }
    }

    private void Remember(Users users, string digest)
    {
        lock (_gate)
        {
            if (!ReferenceEquals(_rememberedOf, users) || _remembered.Count >= MostRemembered)
            {
                _remembered.Clear();
                _rememberedOf = users;
            }

            _remembered.Add(digest);
        }
    }

    private byte[] Digest(string text) => Keyed(Encoding.UTF8.GetBytes(text));

    private byte[] Keyed(byte[] bytes) => HMACSHA256.HashData(_key, bytes);

    private static (string Name, string Password)? UserAndPassword(string parameter)
    {
        Span<byte> bytes = new byte[parameter.Length];
        if (!Convert.TryFromBase64String(parameter, bytes, out int length))
        {
            return null;
        }

        string text = Encoding.UTF8.GetString(bytes[..length]);
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? null : (text[..colon], text[(colon + 1)..]);
    }

    private static byte[] Token(string file, byte[] content)
    {
        string token = Encoding.UTF8.GetString(content).Trim();
        return token.Length >= 16 && !token.Any(char.IsWhiteSpace)
            ? Encoding.UTF8.GetBytes(token)
            : throw new HttpFileException($"{file} holds no token of 16 characters or more without spaces: write one, such as \"openssl rand -hex 32\" prints.");
    }
}
