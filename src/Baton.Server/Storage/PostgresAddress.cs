using System.Globalization;
using Npgsql;

namespace Baton.Server.Storage;

/// <summary>
/// <c>postgres://USER:PASSWORD@HOST:PORT,HOST:PORT/DATABASE?schema=NAME</c>: the form that PostgreSQL's own tools take. With several hosts, the one that
/// accepts writes is used, so that a failover is followed.
/// </summary>
/// <param name="Schema">Everything of this installation stands in it; it is made when it is missing.</param>
internal sealed record PostgresAddress(string Hosts, string Database, string Schema, NpgsqlConnectionStringBuilder Connection)
{
    private const int DefaultPort = 5432;

    private static readonly string[] Schemes = ["postgres://", "postgresql://"], Parameters = ["schema", "sslmode", "sslrootcert", "connect_timeout"];

    /// <summary>Host and database, for people.</summary>
    public override string ToString() => $"postgres://{Hosts}/{Database}{(Schema == "baton" ? "" : $"?schema={Schema}")}";

    public static bool IsOne(string text) => Array.Exists(Schemes, scheme => text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase));

    /// <exception cref="FormatException">The message says what is wrong, and does not quote a password.</exception>
    public static PostgresAddress Parse(string text)
    {
        var rest = text[(text.IndexOf("://", StringComparison.Ordinal) + 3)..];
        var query = rest.Split('?', 2);
        var place = query[0].Split('/', 2);
        var at = place[0].LastIndexOf('@');
        var connection = new NpgsqlConnectionStringBuilder { ApplicationName = "baton" };
        if (at >= 0)
        {
            var user = place[0][..at].Split(':', 2);
            connection.Username = Uri.UnescapeDataString(user[0]);
            if (user.Length == 2) connection.Password = Uri.UnescapeDataString(user[1]);
        }
        var hosts = place[0][(at + 1)..].Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Host).ToList();
        if (hosts.Count == 0) hosts.Add(("127.0.0.1", DefaultPort));
        connection.Host = string.Join(',', hosts.Select(host => $"{host.Name}:{host.Port.ToString(CultureInfo.InvariantCulture)}"));
        var database = place.Length == 2 && place[1].Length > 0 ? Uri.UnescapeDataString(place[1]) : connection.Username ?? "postgres";
        connection.Database = database;
        var schema = "baton";
        foreach (var pair in query.Length == 2 ? query[1].Split('&', StringSplitOptions.RemoveEmptyEntries) : [])
        {
            var parts = pair.Split('=', 2);
            var value = parts.Length == 2 ? Uri.UnescapeDataString(parts[1]) : "";
            switch (parts[0])
            {
                case "schema" when IsName(value): schema = value; break;
                case "schema": throw new FormatException($"The database's schema '{value}' is not usable: 1 to 40 letters, digits and underscores, not beginning with a digit.");
                case "sslmode" when Enum.TryParse<SslMode>(value.Replace("-", "", StringComparison.Ordinal), ignoreCase: true, out var mode): connection.SslMode = mode; break;
                case "sslmode": throw new FormatException($"The database's sslmode is one of disable, allow, prefer, require, verify-ca and verify-full, not '{value}'.");
                case "sslrootcert": connection.RootCertificate = value; break;
                case "connect_timeout" when int.TryParse(value, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 1 and <= 300: connection.Timeout = seconds; break;
                case "connect_timeout": throw new FormatException("The database's connect_timeout is 1 to 300 seconds.");
                default: throw new FormatException($"The database's address has a parameter '{parts[0]}' that is not known. Known are: {string.Join(", ", Parameters)}.");
            }
        }
        return new PostgresAddress(connection.Host, database, schema, connection);
    }

    private static (string Name, int Port) Host(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon < 0 || text.EndsWith(']')) return (text.Trim('[', ']'), DefaultPort);
        return int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and < 65_536
            ? (text[..colon], port) : throw new FormatException($"The database's host '{text}' has no usable port: write HOST:PORT.");
    }

    private static bool IsName(string text) => text.Length is >= 1 and <= 40 && !char.IsAsciiDigit(text[0]) && text.All(c => c is '_' || char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c));
}
