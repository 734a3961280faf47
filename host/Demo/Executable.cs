namespace Pmoas.Host.Demo;

/// <summary>Finds the programs the demo is made of.</summary>
internal static class Executable
{
    /// <summary>Full path of a program in <c>PATH</c> or the system folders, which a user's <c>PATH</c> often lacks.</summary>
    /// <exception cref="DemoException">It is not installed.</exception>
    internal static string Find(string name)
    {
        string[] folders = [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'), "/usr/local/sbin", "/usr/sbin", "/sbin"];
        return folders.Where(folder => folder.Length > 0).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
            ?? throw new DemoException($"The demo needs {name}, which is not installed: run `make deps`.");
    }
}
