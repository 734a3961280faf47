using System.Text;

namespace Pmoas.Host.Http;

/// <summary>Users and the bcrypt hashes of their passwords.</summary>
internal sealed class Users
{
    // A hash of cost 14 takes a second of CPU to compare with.
    private const int MostCost = 14;

    private readonly Dictionary<string, string> _hashes = new(StringComparer.Ordinal);

    /// <summary>Reads lines of <c>NAME:HASH</c>, as <c>htpasswd -B</c> writes them; empty lines and lines that begin with # are passed over.</summary>
    /// <param name="file">Named in errors.</param>
    /// <param name="content">Bytes of the file.</param>
    /// <exception cref="HttpFileException">A line is something else, or there is none.</exception>
    public Users(string file, byte[] content)
    {
        int number = 0;
        foreach (string line in Encoding.UTF8.GetString(content).Split('\n').Select(line => line.Trim()))
        {
            number++;
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0 || !IsHash(line[(colon + 1)..]))
            {
                throw new HttpFileException(
                    $"{file}:{number} is no user with a bcrypt hash of cost 4 to {MostCost}: write lines as \"htpasswd -nB NAME\" prints them.");
            }

            _hashes[line[..colon]] = line[(colon + 1)..];
        }

        if (_hashes.Count == 0)
        {
            throw new HttpFileException($"{file} names no user: write lines as \"htpasswd -nB NAME\" prints them.");
        }
    }

    /// <summary>Whether this is a user's password; takes as long for a name that nobody has.</summary>
    public bool Verify(string name, string password)
    {
        bool known = _hashes.TryGetValue(name, out string? hash);
        return BCrypt.Net.BCrypt.Verify(password, hash ?? _hashes.Values.First()) && known;
    }

    private static bool IsHash(string hash) => hash.Length == 60 && hash.StartsWith("$2", StringComparison.Ordinal) && hash[3] == '$' && hash[6] == '$'
        && int.TryParse(hash.AsSpan(4, 2), out int cost) && cost is >= 4 and <= MostCost;
}
