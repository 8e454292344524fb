using System.Collections.Frozen;
using System.Reflection;
using Baton.Engine;

namespace Baton.Server;

/// <summary>The sections of settings that features have. What is set and known to none of them is a mistake, and is refused rather than ignored.</summary>
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

    /// <summary>What is set in the given settings and known to no feature, and what was probably meant; null when there is nothing.</summary>
    public static string? FindUnknown(IConfiguration settings, IEnumerable<SettingsSection> known)
    {
        var sections = known.ToFrozenDictionary(section => section.Name, StringComparer.OrdinalIgnoreCase);
        foreach (var section in settings.GetChildren().Where(child => child.GetChildren().Any()))
        {
            if (!sections.TryGetValue(section.Key, out var here)) return $"There is no section '{section.Key}' of settings. {Nearest.Hint(section.Key, sections.Keys)}";
            if (FindUnknown(section, here.Options) is { } unknown) return unknown;
        }
        return null;
    }

    private static string? FindUnknown(IConfigurationSection section, Type type)
    {
        if (type.IsGenericType) return section.GetChildren().Select(child => FindUnknown(child, type.GenericTypeArguments[^1])).FirstOrDefault(found => found is not null);   // a list, or a dictionary of names
        if (type.Assembly != typeof(SettingsSections).Assembly || type.IsEnum) return null;   // a value
        var properties = type.GetProperties(BindingFlags.Public | BindingFlags.Instance);
        foreach (var child in section.GetChildren())
        {
            if (properties.FirstOrDefault(property => property.Name.Equals(child.Key, StringComparison.OrdinalIgnoreCase)) is not { } property)
                return $"There is no setting '{child.Path}'. {Nearest.Hint(child.Key, properties.Select(property => property.Name))}";
            if (FindUnknown(child, property.PropertyType) is { } unknown) return unknown;
        }
        return null;
    }
}

/// <param name="Options">Whose public properties are the settings.</param>
internal sealed record SettingsSection(string Name, Type Options);
