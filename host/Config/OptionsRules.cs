using System.ComponentModel.DataAnnotations;
using System.Reflection;
using Microsoft.Extensions.Options;

namespace Pmoas.Host.Config;

/// <summary>
/// The rules an options class states about itself: DataAnnotations on properties, <see cref="IValidatableObject"/> for rules across
/// properties, and any <see cref="IValidateOptions{TOptions}"/> in the assembly of the class.
/// </summary>
internal sealed class OptionsRules(object options, IEnumerable<PropertyInfo> properties, TomlSection section, string path)
{
    /// <summary>Every rule that does not hold, at its key, or at the table when the key is not there.</summary>
    /// <param name="missingIsMistake">False when a key that seems missing may stand where the file could not be read.</param>
    public IEnumerable<(Position At, string Path, string Message)> Broken(bool missingIsMistake)
    {
        foreach (PropertyInfo property in properties)
        {
            string key = KeyNames.SnakeCase(property.Name);
            object? value = property.GetValue(options);
            foreach (ValidationAttribute rule in property.GetCustomAttributes<ValidationAttribute>())
            {
                if (!rule.IsValid(value) && (missingIsMistake || section.Entries.ContainsKey(key)))
                {
                    yield return (Place(key), TomlBinder.Join(path, key), Sentence(rule, property, value, section.Entries.ContainsKey(key)));
                }
            }
        }
        if (options is IValidatableObject self)
        {
            foreach (ValidationResult result in self.Validate(new ValidationContext(options)))
            {
                yield return Say(result.MemberNames.FirstOrDefault(), result.ErrorMessage ?? "not valid");
            }
        }
        foreach (string failure in ValidatorFailures())
        {
            // ValidateOptionsResultBuilder.AddError(message, property) writes "Property NAME: message".
            string[] parts = failure.StartsWith("Property ", StringComparison.Ordinal) ? failure["Property ".Length..].Split(": ", 2) : [];
            yield return parts.Length == 2 ? Say(parts[0], parts[1]) : Say(null, failure);
        }
    }

    private (Position At, string Path, string Message) Say(string? member, string message)
    {
        string? key = member is null ? null : KeyNames.SnakeCase(member);
        return key is null ? (section.At, path, message) : (Place(key), TomlBinder.Join(path, key), message);
    }

    private Position Place(string key) => section.Entries.TryGetValue(key, out TomlEntry entry) ? entry.KeyAt : section.At;

    private static string Sentence(ValidationAttribute rule, PropertyInfo property, object? value, bool present) => rule switch
    {
        RequiredAttribute when !present => $"missing; it must be set to {Wanted(property.PropertyType)}",
        RequiredAttribute => $"empty; it must be set to {Wanted(property.PropertyType)}",
        RangeAttribute range => $"{TomlText.Show(value)} is out of range; allowed is {TomlText.Span(range)}",
        _ when rule.ErrorMessage is { } own => TomlText.IsScalar(property.PropertyType) ? $"{TomlText.Show(value)} {own}" : own,
        _ => rule.FormatErrorMessage(KeyNames.SnakeCase(property.Name)),
    };

    private static string Wanted(Type type) => TomlText.IsScalar(type) ? TomlText.Form(type) : "at least one";

    private IEnumerable<string> ValidatorFailures()
    {
        Type contract = typeof(IValidateOptions<>).MakeGenericType(options.GetType());
        foreach (Type type in options.GetType().Assembly.GetTypes())
        {
            // A generated validator repeats the attributes that have been judged above.
            if (type.IsAbstract || type.ContainsGenericParameters || !type.IsAssignableTo(contract)
                || type.IsDefined(typeof(OptionsValidatorAttribute)) || type.GetConstructor(Type.EmptyTypes) is null)
            {
                continue;
            }
            object validator = Activator.CreateInstance(type)!;
            ValidateOptionsResult result = (ValidateOptionsResult)contract.GetMethod("Validate")!.Invoke(validator, [null, options])!;
            foreach (string failure in result.Failed ? result.Failures ?? [result.FailureMessage ?? "not valid"] : [])
            {
                yield return failure;
            }
        }
    }
}
