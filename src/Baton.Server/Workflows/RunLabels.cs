using System.Text.Json;
using Baton.Engine;
using Baton.Server.Storage;

namespace Baton.Server.Workflows;

/// <summary>A run's labels stand twice: as JSON in its row, to be shown with it, and a row each, to be found by.</summary>
internal static class RunLabels
{
    public static string ToJson(IReadOnlyDictionary<string, string> labels) =>
        labels.Count == 0 ? "{}" : JsonSerializer.Serialize(new Dictionary<string, string>(labels, StringComparer.Ordinal), JournalJson.Default.DictionaryStringString);

    public static Dictionary<string, string> Read(string json) => JsonSerializer.Deserialize(json, JournalJson.Default.DictionaryStringString)!;

    /// <summary>Stores the rows by which a run is found.</summary>
    public static void Add(SqlStatements statements, RunSql sql, TenantId tenant, long runNo, IReadOnlyDictionary<string, string> labels)
    {
        foreach (var (name, value) in labels) statements[sql.AddLabel].Bind(1, tenant.Value).Bind(2, name).Bind(3, value).Bind(4, runNo).Execute();
    }
}
