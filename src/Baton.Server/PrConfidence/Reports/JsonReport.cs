using System.Text.Json;

namespace Baton.Server.PrConfidence;

/// <summary>The report for programs.</summary>
internal static class JsonReport
{
    public static string Render(PrConfidenceReport report) => JsonSerializer.Serialize(report, PrConfidenceJson.Readable.PrConfidenceReport);
}
