namespace Baton.Server.Tests.Storage;

/// <summary>The PostgreSQL that all tests of this process share: a schema of its own for whoever asks.</summary>
internal static class Postgres
{
    private static readonly Lazy<Task<PostgresCluster?>> Cluster = new(FindAsync);
    private static int schemas;

    /// <summary>The address of a new, empty schema. Skips the test where PostgreSQL is missing.</summary>
    public static async Task<string> NewSchemaAsync()
    {
        var cluster = await Cluster.Value;
        Assert.SkipWhen(cluster is null, "PostgreSQL is not installed.");
        return cluster.ConnectionUrl(schema: $"t{Interlocked.Increment(ref schemas)}");
    }

    private static async Task<PostgresCluster?> FindAsync()
    {
        try
        {
            return await PostgresCluster.SharedAsync();
        }
        catch (PostgresMissingException)
        {
            return null;
        }
    }
}
