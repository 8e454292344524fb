using System.Text.Json;
using Baton.Server.Storage;

namespace Baton.Server.Gateway;

/// <summary>Takes the columns of a row one after the other, in the order in which the statement names them.</summary>
internal abstract class RowWriter
{
    public abstract void Text(string? text);

    public abstract void Number(long? number);

    public void Texts(params ReadOnlySpan<string?> texts)
    {
        foreach (var text in texts) Text(text);
    }

    public void Numbers(params ReadOnlySpan<long> numbers)
    {
        foreach (var number in numbers) Number(number);
    }

    /// <summary>As elements of a list.</summary>
    public sealed class Listed(Utf8JsonWriter json) : RowWriter
    {
        public override void Text(string? text) => json.WriteStringValue(PostgresText.Of(text));

        public override void Number(long? number)
        {
            if (number is { } value) json.WriteNumberValue(value);
            else json.WriteNullValue();
        }
    }

    /// <summary>As parameters.</summary>
    public sealed class Bound(SqlStatement statement) : RowWriter
    {
        private int last;

        public override void Text(string? text) => statement.Bind(++last, PostgresText.Of(text));

        public override void Number(long? number) => statement.Bind(++last, number);
    }
}
