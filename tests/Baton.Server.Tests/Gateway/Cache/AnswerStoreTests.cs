using Baton.Server.Gateway;

namespace Baton.Server.Tests.Gateway;

public sealed class AnswerStoreTests
{
    [Fact]
    public void What_was_not_asked_for_longest_goes_first()
    {
        var store = new AnswerStore(3 * Answer(100).Bytes);
        for (var i = 0; i < 3; i++) store.Put(Key(i), Answer(100));
        Assert.NotNull(store.Find(Key(0)));
        store.Put(Key(3), Answer(100));
        Assert.Null(store.Find(Key(1)));
        Assert.NotNull(store.Find(Key(0)));
        Assert.Equal(3, store.Count);
    }

    [Fact]
    public void An_answer_larger_than_all_may_be_takes_nothing_from_the_others()
    {
        var store = new AnswerStore(2000);
        store.Put(Key(0), Answer(100));
        store.Put(Key(1), Answer(5000));
        Assert.Null(store.Find(Key(1)));
        Assert.NotNull(store.Find(Key(0)));
        new AnswerStore(0).Put(Key(0), Answer(1));
    }

    [Fact]
    public void Whatever_is_put_in_and_taken_out_the_bytes_are_counted_and_bounded()
    {
        var random = new Random(5);
        var store = new AnswerStore(50_000);
        for (var i = 0; i < 20_000; i++)
        {
            var key = Key(random.Next(100));
            if (random.Next(4) == 0) store.Remove(key);
            else store.Put(key, Answer(random.Next(6000)));
            Assert.InRange(store.Bytes, 0, 50_000);
        }
        Assert.Equal(store.Bytes, Enumerable.Range(0, 100).Sum(i => store.Find(Key(i))?.Bytes ?? 0));
        for (var i = 0; i < 100; i++) store.Remove(Key(i));
        Assert.Equal((0, 0L), (store.Count, store.Bytes));
    }

    private static CacheKey Key(int number) => new(0, (UInt128)number);

    private static CachedAnswer Answer(int bytes) => new(200, [], [new byte[bytes]], 0);
}
