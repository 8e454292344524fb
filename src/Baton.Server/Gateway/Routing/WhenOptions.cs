namespace Baton.Server.Gateway;

/// <summary>Which requests a target or a model serves: those that meet everything that is given. Such a target goes before those that serve anybody.</summary>
internal sealed class WhenOptions
{
    /// <summary>A header of the request with its value, as <c>x-team=blue</c>; upper and lower case do not matter. Without <c>=</c>: with any value.</summary>
    public string? Header { get; set; }

    /// <summary>A tag, one of those in the header <c>x-baton-tags</c> or in the body's <c>metadata.tags</c>; both may hold several with commas.</summary>
    public string? Tag { get; set; }

    /// <summary>The name of the caller's credential; with <c>*</c> at its end all that begin so.</summary>
    public string? Key { get; set; }
}
