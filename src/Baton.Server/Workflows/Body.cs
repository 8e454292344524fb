using System.Data.Common;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Baton.Engine;
using Baton.Server.Storage;

namespace Baton.Server.Workflows;

/// <summary>Where a payload stands: in its row up to 64 KiB, beyond that once among the payloads, under its SHA-256.</summary>
internal static class Body
{
    /// <summary>Largest payload that stands in its row, in bytes.</summary>
    public const int MaxInline = 64 * 1024;

    /// <summary>Binds a body and its hash to two neighbouring parameters; stores a large body first.</summary>
    public static void Bind(SqlStatements statements, JournalSql sql, TenantId tenant, ReadOnlyMemory<byte> body, SqlStatement row, int index)
    {
        if (body.Length <= MaxInline)
        {
            if (body.IsEmpty) row.BindNoBlob(index);
            else row.BindBlob(index, body.Span);
            row.BindNoBlob(index + 1);
            return;
        }
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(body.Span, hash);
        statements[sql.SavePayload].Bind(1, tenant.Value).BindBlob(2, hash).BindBlob(3, body.Span).Execute();
        row.BindNoBlob(index).BindBlob(index + 1, hash);
    }

    /// <summary>The bytes as an array: without a copy where they are one.</summary>
    public static byte[] ToArray(ReadOnlyMemory<byte> body) =>
        MemoryMarshal.TryGetArray(body, out var segment) && segment is { Array: { } array, Offset: 0 } && segment.Count == array.Length ? array : body.ToArray();

    public static ReadOnlyMemory<byte> Read(DbDataReader reader, int column) => reader.IsDBNull(column) ? default(ReadOnlyMemory<byte>) : reader.GetFieldValue<byte[]>(column);
}
