using System.Text;

namespace Pmoas.Host.Config;

/// <summary>How C# names are written in <c>pmoas.toml</c>, and what a mistyped one was meant to be.</summary>
internal static class KeyNames
{
    /// <summary><c>OnlyPort</c> → <c>only_port</c>.</summary>
    public static string SnakeCase(string name)
    {
        StringBuilder text = new(name.Length + 4);
        for (int i = 0; i < name.Length; i++)
        {
            bool startsWord = char.IsUpper(name[i]) && i > 0 && (!char.IsUpper(name[i - 1]) || (i + 1 < name.Length && char.IsLower(name[i + 1])));
            if (startsWord)
            {
                text.Append('_');
            }
            text.Append(char.ToLowerInvariant(name[i]));
        }
        return text.ToString();
    }

    /// <summary>What is wrong with a name that is not among <paramref name="known"/>: the likely intention and all that is allowed.</summary>
    public static string Unknown(string what, string name, IReadOnlyCollection<string> known)
    {
        string? meant = known
            .Select(k => (Name: k, Distance: Distance(name, k)))
            .Where(k => k.Distance <= Math.Max(1, k.Name.Length / 3))
            .OrderBy(k => k.Distance)
            .Select(k => k.Name)
            .FirstOrDefault();
        string guess = meant is null ? "" : $" did you mean \"{meant}\"?";
        string allowed = known.Count == 0 ? "none is allowed here" : $"allowed: {string.Join(", ", known)}";
        return $"\"{name}\" is not {what};{guess} {allowed}";
    }

    /// <summary>Number of letters to add, drop, change or swap with their neighbour (Damerau–Levenshtein).</summary>
    private static int Distance(string a, string b)
    {
        int[,] cost = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            for (int j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    cost[i, j] = i + j;
                    continue;
                }
                int change = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1;
                cost[i, j] = Math.Min(Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1, cost[i - 1, j - 1] + change);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    cost[i, j] = Math.Min(cost[i, j], cost[i - 2, j - 2] + 1);
                }
            }
        }
        return cost[a.Length, b.Length];
    }
}
