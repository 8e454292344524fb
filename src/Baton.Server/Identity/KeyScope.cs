namespace Baton.Server.Identity;

/// <summary>What a caller may use; each holds what stands before it.</summary>
internal enum KeyScope
{
    /// <summary>Models, at <c>/v1</c>.</summary>
    Gateway,

    /// <summary>The tenant's workflows, runs and what else is its own.</summary>
    Api,

    /// <summary>The tenant's keys too. Those of the environment and of the keys file are such.</summary>
    Admin,
}

internal static class KeyScopes
{
    public static IReadOnlyList<string> Names { get; } = ["gateway", "api", "admin"];

    public static string ToName(this KeyScope scope) => Names[(int)scope];

    /// <returns>Null for a name that is none.</returns>
    public static KeyScope? Parse(string name) => Names.IndexOf(name) is >= 0 and var index ? (KeyScope)index : null;

    private static int IndexOf(this IReadOnlyList<string> names, string name)
    {
        for (var i = 0; i < names.Count; i++)
        {
            if (names[i] == name) return i;
        }
        return -1;
    }
}
