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

    /// <summary>As parameters, row after row of one statement. Most of what a row says the one before it said too: that stays bound, as SQLite keeps it until it is bound anew.</summary>
    public sealed class Bound(SqlStatement statement, int columns) : RowWriter
    {
        private readonly string?[] texts = new string?[columns];
        private readonly long?[] numbers = new long?[columns];
        private bool isFirst = true;
        private int next;

        public override void Text(string? text)
        {
            var at = next++;
            if (!isFirst && texts[at] == text) return;
            texts[at] = text;
            statement.Bind(at + 1, PostgresText.Of(text));
        }

        public override void Number(long? number)
        {
            var at = next++;
            if (!isFirst && numbers[at] == number) return;
            numbers[at] = number;
            statement.Bind(at + 1, number);
        }

        /// <summary>The row is whole: it is written.</summary>
        public void Execute()
        {
            statement.Execute();
            (isFirst, next) = (false, 0);
        }
    }
}
