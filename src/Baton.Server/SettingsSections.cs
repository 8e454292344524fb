using System.Collections.Frozen;
using System.ComponentModel;
using System.Reflection;
using Baton.Engine;

namespace Baton.Server;

/// <summary>The sections of settings that features have. What is set and known to none of them, or cannot be read, is a mistake, and is refused rather than ignored.</summary>
internal static class SettingsSections
{
    extension(IServiceCollection services)
    {
        /// <summary>Binds a section of the settings to its options, and checks them when the server starts. Registered validators do the checking.</summary>
        public IServiceCollection AddSettings<TOptions>(string section)
            where TOptions : class
        {
            services.AddSingleton(new SettingsSection(section, typeof(TOptions)));
            services.AddOptions<TOptions>().BindConfiguration(section).ValidateOnStart();
            return services;
        }
    }

    /// <summary>What is set in the given settings and known to no feature, or cannot be read, and what was probably meant; null when there is nothing.</summary>
    public static string? FindMistake(IConfiguration settings, IEnumerable<SettingsSection> known)
    {
        var sections = known.ToFrozenDictionary(section => section.Name, StringComparer.OrdinalIgnoreCase);
        foreach (var section in settings.GetChildren().Where(child => child.GetChildren().Any()))
        {
            if (!sections.TryGetValue(section.Key, out var here)) return $"There is no section '{section.Key}' of settings. {Nearest.Hint(section.Key, sections.Keys)}";
            if (FindMistake(section, here.Options) is { } mistake) return mistake;
        }
        return null;
    }

    /// <summary>Why a value cannot be read, and what could be.</summary>
    public static string Unreadable(string path, string value, Type type) => $"{path} cannot be '{value}': it is {Expected(Nullable.GetUnderlyingType(type) ?? type)}.";

    private static string? FindMistake(IConfigurationSection section, Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } value) return section.Value is "" ? null : FindMistake(section, value);
        if (!type.IsGenericType && (type.Assembly != typeof(SettingsSections).Assembly || type.IsEnum)) return FindUnreadable(section, type);
        var isSet = section.Value is { Length: > 0 };   // what it says is not repeated: it may be meant for another setting, and be secret
        if (type.IsGenericType)   // a list, or a dictionary of names
        {
            if (isSet) return $"{section.Path} cannot be one value: {(type.GenericTypeArguments is [_] ? $"it is a list, and {section.Path}:0 its first element" : $"it has parts with names, such as {section.Path}:name")}.";
            return section.GetChildren().Select(child => FindMistake(child, type.GenericTypeArguments[^1])).FirstOrDefault(found => found is not null);
        }
        var properties = type.GetProperties(BindingFlags.Public | BindingFlags.Instance);
        if (isSet) return $"{section.Path} cannot be one value: it has settings of its own, such as {section.Path}:{properties[0].Name}.";
        foreach (var child in section.GetChildren())
        {
            if (properties.FirstOrDefault(property => property.Name.Equals(child.Key, StringComparison.OrdinalIgnoreCase)) is not { } property)
            {
                var names = properties.Select(static property => property.Name);
                return $"There is no setting '{child.Path}'. {(Nearest.Find(child.Key, names) is null && IsPartOfName(child, names) ? NoColon(section, child, properties) : Nearest.Hint(child.Key, names))}";
            }
            if (FindMistake(child, property.PropertyType) is { } mistake) return mistake;
        }
        return null;
    }

    /// <summary>Whether what stands in it belongs a level higher: then a name with a colon, such as <c>qwen3:8b</c>, has been taken for two.</summary>
    private static bool IsPartOfName(IConfigurationSection child, IEnumerable<string> names) =>
        child.GetChildren().Select(static inner => inner.Key).ToList() is { Count: > 0 } inner && inner.TrueForAll(one => names.Contains(one, StringComparer.OrdinalIgnoreCase));

    private static string NoColon(IConfigurationSection section, IConfigurationSection child, PropertyInfo[] properties)
    {
        var hint = Array.Exists(properties, static property => property.Name == "Model") ? " (what a provider calls a model is its setting Model, which can)" : "";
        return $"A name cannot hold a colon here: in place of '{section.Key}:{child.Key}' write '{section.Key}-{child.Key}'{hint}.";
    }

    /// <summary>The framework reads values too, but leaves out without a word whatever element of a list or a dictionary has one that it cannot read.</summary>
    private static string? FindUnreadable(IConfigurationSection section, Type type)
    {
        if (section.GetChildren().FirstOrDefault() is { } child) return $"There is no setting '{child.Path}': {section.Path} is {Expected(type)}.";
        if (section.Value is not { } value || type == typeof(string)) return null;
        var isReadable = type.IsEnum ? Enum.TryParse(type, value, ignoreCase: true, out _) : TypeDescriptor.GetConverter(type).IsValid(value);
        return isReadable ? null : Unreadable(section.Path, value, type);
    }

    private static string Expected(Type type) =>
        type == typeof(TimeSpan) ? "a duration, such as 00:01:00 for a minute"
        : type == typeof(bool) ? "true or false"
        : type == typeof(int) || type == typeof(long) ? "a whole number, such as 10"
        : type == typeof(double) ? "a number, such as 0.5"
        : type.IsEnum ? $"one of {string.Join(", ", Enum.GetNames(type))}" : "a text";
}

/// <param name="Options">Whose public properties are the settings.</param>
internal sealed record SettingsSection(string Name, Type Options);
