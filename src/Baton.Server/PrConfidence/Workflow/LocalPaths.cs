using Baton.Server.Outbound;
using Microsoft.Extensions.Options;

namespace Baton.Server.PrConfidence;

/// <summary>Which paths of this machine a workflow may have read.</summary>
internal sealed class LocalPaths(IOptions<PrConfidenceOptions> options, bool isLoopbackOnly)
{
    /// <summary>Says why a path may not be read; null when it may. The same words whether it exists or not: that is not for everybody to know.</summary>
    public string? Refuse(string path)
    {
        if (!Path.IsPathFullyQualified(path)) return $"'{path}' is relative: give an absolute path, because the server may run in another folder than you";
        if (options.Value.Roots is not { } roots)
            return isLoopbackOnly ? null : $"'{path}' may not be read: this server can be reached from other machines, and PrConfidence:Roots opens no folder";
        return RealPath.Of(path) is { } real && roots.Any(root => real == RealPath.Of(root) || RealPath.IsBelow(real, root)) ? null : $"'{path}' does not lie below a folder of PrConfidence:Roots";
    }
}
