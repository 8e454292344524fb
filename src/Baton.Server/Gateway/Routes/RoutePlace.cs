using System.Text.Json;

namespace Baton.Server.Gateway;

/// <summary>Where a member of a route stands, in the words of the source that it comes from.</summary>
/// <param name="Name">For people; empty for the whole of a route that comes by the API.</param>
/// <param name="Pointer">As a JSON pointer into a body of the API.</param>
internal sealed record RoutePlace(string Name, string Pointer, bool IsSnakeCase)
{
    /// <summary>The whole of a route that comes by the API.</summary>
    public static RoutePlace Body { get; } = new("", "", IsSnakeCase: true);

    public static RoutePlace InSettings(string model) => new($"{GatewayOptions.Section}:{nameof(GatewayOptions.Models)}:{model}", "", IsSnakeCase: false);

    public static RoutePlace InFile(string model) => new($"models.{model}", "", IsSnakeCase: true);

    /// <param name="member">As the options name it.</param>
    public RoutePlace this[string member] => Below(IsSnakeCase ? JsonNamingPolicy.SnakeCaseLower.ConvertName(member) : member);

    public RoutePlace this[int index] => Below(index.ToString(System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>A member by the name that it was given.</summary>
    public RoutePlace Below(string name) => new(Name.Length == 0 ? name : $"{Name}{(IsSnakeCase ? '.' : ':')}{name}", $"{Pointer}/{name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}", IsSnakeCase);

    public override string ToString() => Name;
}

/// <summary>Something that is wrong with a route.</summary>
/// <param name="Detail">Goes on from the place's name: " is missing", ": must be …".</param>
internal sealed record RouteFault(RoutePlace At, string Detail)
{
    public override string ToString() => $"{At.Name}{Detail}";
}
