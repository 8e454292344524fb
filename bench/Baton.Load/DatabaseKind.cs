namespace Baton.Load;

/// <summary>Where a server keeps its runs.</summary>
internal enum DatabaseKind
{
    Sqlite,
    Postgres,
}
