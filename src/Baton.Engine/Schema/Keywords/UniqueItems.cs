using System.Buffers;
using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary><c>uniqueItems</c>: no two items are equal. Short arrays are compared pair by pair, longer ones by hash.</summary>
internal sealed class UniqueItems(SchemaLocation location) : Keyword(location)
{
    private const int PairwiseLimit = 8;

    public static void Read(SchemaReader schema, List<Keyword> keywords)
    {
        if (schema.Flag("uniqueItems") == true) keywords.Add(new UniqueItems(schema.At("uniqueItems")));
    }

    public override bool Concerns(JqKind kind) => kind == JqKind.Array;

    public override bool Holds(in JqValue value, Evaluation evaluation, EvaluatedSet? seen)
    {
        var items = value.AsArray().AsSpan();
        var (first, second) = items.Length <= PairwiseLimit ? FindPairwise(items, evaluation) : FindByHash(items, evaluation);
        if (second < 0) return true;
        return evaluation.Errors is not null && evaluation.Fail(this, value, new Pair(first, second));
    }

    public override string Explain(in JqValue value, object? detail) =>
        detail is Pair(var first, var second) ? $"must not repeat an item, but items {first} and {second} (counted from 0) are equal" : "must not repeat an item";

    private sealed record Pair(int First, int Second);

    private static (int First, int Second) FindPairwise(ReadOnlySpan<JqValue> items, Evaluation evaluation)
    {
        for (var second = 1; second < items.Length; second++)
        {
            for (var first = 0; first < second; first++)
            {
                if (Equality.AreEqual(items[first], items[second], evaluation)) return (first, second);
            }
        }
        return (-1, -1);
    }

    private static (int First, int Second) FindByHash(ReadOnlySpan<JqValue> items, Evaluation evaluation)
    {
        var buckets = (int)Math.Min(System.Numerics.BitOperations.RoundUpToPowerOf2((uint)items.Length), 1 << 30);
        // One array for all: the first item + 1 of each bucket, the next item + 1 of each item, the hash of each item.
        var memory = ArrayPool<int>.Shared.Rent(buckets + 2 * items.Length);
        try
        {
            var heads = memory.AsSpan(0, buckets);
            var next = memory.AsSpan(buckets, items.Length);
            var hashes = memory.AsSpan(buckets + items.Length, items.Length);
            heads.Clear();
            for (var second = 0; second < items.Length && evaluation.Stopped is null; second++)
            {
                var visited = 0L;
                hashes[second] = ValueHash.Of(items[second], ref visited);
                evaluation.Charge(visited);
                ref var head = ref heads[hashes[second] & (buckets - 1)];
                for (var first = head - 1; first >= 0; first = next[first] - 1)
                {
                    if (hashes[first] == hashes[second] && Equality.AreEqual(items[first], items[second], evaluation)) return (first, second);
                }
                next[second] = head;
                head = second + 1;
            }
            return (-1, -1);
        }
        finally
        {
            ArrayPool<int>.Shared.Return(memory);
        }
    }
}
