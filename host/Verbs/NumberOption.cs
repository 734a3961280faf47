using System.CommandLine;
using System.Globalization;

namespace Pmoas.Host.Verbs;

/// <summary>Options that take a number within bounds.</summary>
internal static class NumberOption
{
    /// <summary>Adds the option to a verb.</summary>
    /// <param name="verb">The verb.</param>
    /// <param name="name">With its dashes.</param>
    /// <param name="description">For the help.</param>
    /// <param name="minimum">The least allowed.</param>
    /// <param name="otherwise">The value when it is not given.</param>
    public static Option<int> AddTo(Command verb, string name, string description, int minimum, int otherwise)
    {
        Option<int> option = new(name)
        {
            Description = description,
            HelpName = "N",
            DefaultValueFactory = _ => otherwise,
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) || number < minimum)
                {
                    result.AddError($"{name}: \"{text}\" is not allowed; allowed is a whole number from {minimum} up");
                }

                return number;
            },
        };
        verb.Add(option);
        return option;
    }
}
