using System.Collections;
using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Baton.Engine;
using Baton.Jq;
using Baton.Server.Http;

namespace Baton.Server.Gateway;

/// <summary>
/// Reads a route as YAML and JSON write it: the settings of a model, their names in snake_case. What is unknown, or of another type, is a fault with its place;
/// values are not quoted, as a key may stand where none belongs.
/// </summary>
internal static class RouteReader
{
    private const int MaxShown = 100;

    public static (ModelOptions Model, ImmutableArray<RouteFault> Faults) Read(JqValue value, RoutePlace place)
    {
        var faults = ImmutableArray.CreateBuilder<RouteFault>();
        var model = (ModelOptions?)ReadMembers(typeof(ModelOptions), value, place, faults);
        return (model ?? new ModelOptions(), faults.ToImmutable());
    }

    private static object? ReadMembers(Type type, JqValue value, RoutePlace place, ImmutableArray<RouteFault>.Builder faults)
    {
        if (!value.TryGetObject(out var members)) return Wrong(place, "an object", value, faults);
        var read = Activator.CreateInstance(type)!;
        var properties = type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite).ToDictionary(property => JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name), StringComparer.Ordinal);
        foreach (var (name, member) in members)
        {
            if (!properties.TryGetValue(name, out var property)) faults.Add(new RouteFault(place.Below(name.Clip(MaxShown)), $": there is no such member. {Nearest.Hint(name, properties.Keys)}"));
            else if (!member.IsNull && ReadValue(Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType, member, place.Below(name), faults) is { } found) property.SetValue(read, found);
        }
        return read;
    }

    private static object? ReadValue(Type type, JqValue value, RoutePlace place, ImmutableArray<RouteFault>.Builder faults)
    {
        if (type == typeof(string)) return value.TryGetString(out var text) && IsWhole(text) ? text : Wrong(place, "a text", value, faults);
        if (type == typeof(bool)) return value.IsBoolean ? value.IsTruthy : Wrong(place, "true or false", value, faults);
        if (type == typeof(int)) return value.TryGetInt64(out var whole) && whole is >= int.MinValue and <= int.MaxValue ? (int)whole : Wrong(place, "a whole number", value, faults);
        if (type == typeof(long)) return value.TryGetInt64(out var large) ? large : Wrong(place, "a whole number", value, faults);
        if (type == typeof(double)) return value.TryGetDouble(out var number) && double.IsFinite(number) ? number : Wrong(place, "a number", value, faults);
        // A number alone would be days, as settings read it, and no one means that.
        if (type == typeof(TimeSpan)) return value.TryGetString(out var span) && span.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(span, CultureInfo.InvariantCulture, out var time) ? time : Wrong(place, "a duration, such as 00:01:30", value, faults);
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(List<>)) return ReadList(type, value, place, faults);
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Dictionary<,>)) return ReadNamed(type, value, place, faults);
        return type.IsEnum ? Enum.TryParse(type, value.TryGetString(out var word) ? word.Replace("_", "", StringComparison.Ordinal) : "", ignoreCase: true, out var one) ? one : Wrong(place, $"one of {string.Join(", ", Enum.GetNames(type).Select(JsonNamingPolicy.SnakeCaseLower.ConvertName))}", value, faults)
            : ReadMembers(type, value, place, faults);
    }

    private static object? ReadList(Type type, JqValue value, RoutePlace place, ImmutableArray<RouteFault>.Builder faults)
    {
        if (!value.TryGetArray(out var items)) return Wrong(place, "a list", value, faults);
        var list = (IList)Activator.CreateInstance(type)!;
        for (var i = 0; i < items.Count; i++)
        {
            if (ReadValue(type.GenericTypeArguments[0], items[i], place[i], faults) is { } item) list.Add(item);
        }
        return list;
    }

    private static object? ReadNamed(Type type, JqValue value, RoutePlace place, ImmutableArray<RouteFault>.Builder faults)
    {
        if (!value.TryGetObject(out var members)) return Wrong(place, "an object", value, faults);
        var named = (IDictionary)Activator.CreateInstance(type)!;
        foreach (var (name, member) in members)
        {
            if (ReadValue(type.GenericTypeArguments[1], member, place.Below(name.Clip(MaxShown)), faults) is { } item) named[name] = item;
        }
        return named;
    }

    /// <summary>Whether there is no half of a character in it, which no encoding can carry.</summary>
    private static bool IsWhole(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (!char.IsSurrogatePair(text, i)) return false;
            i++;
        }
        return true;
    }

    private static object? Wrong(RoutePlace place, string wanted, JqValue value, ImmutableArray<RouteFault>.Builder faults)
    {
        faults.Add(new RouteFault(place, $"{(place.Name.Length == 0 ? "A route" : "")} must be {wanted}, not {Describe(value)}."));
        return null;
    }

    private static string Describe(JqValue value) => value.Kind switch
    {
        JqKind.Null => "null",
        JqKind.True or JqKind.False => "a boolean",
        JqKind.Number => "this number",
        JqKind.String => "this text",
        JqKind.Array => "a list",
        _ => "an object",
    };
}
