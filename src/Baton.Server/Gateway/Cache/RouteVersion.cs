using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;

namespace Baton.Server.Gateway;

/// <summary>A word for everything about a route that decides what is answered: another model behind the same name is another route to the cache.</summary>
internal static class RouteVersion
{
    private static readonly ConditionalWeakTable<ModelRoute, string> Known = [];

    public static string Of(ModelRoute route) => Known.GetValue(route, Compute);

    private static string Compute(ModelRoute first)
    {
        var text = new StringBuilder();
        foreach (var route in first.Chain)
        {
            text.AppendLine($"{route.Name.ToLowerInvariant()}\n{route.Options.MaxOutputTokens}\n{route.Options.MaxTokensField}\n{route.Options.StructuredOutput}\n{route.Options.Thinking}");
            foreach (var target in route.Targets)
            {
                text.AppendLine($"{target.Dialect}\n{target.Options.BaseUrl}\n{target.Model}");
                foreach (var (name, value) in target.Options.Headers.OrderBy(header => header.Key, StringComparer.OrdinalIgnoreCase)) text.AppendLine($"{name.ToLowerInvariant()}: {value}");
            }
        }
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
