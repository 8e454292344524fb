namespace Baton.Jq.Tests.Values;

public sealed class CollectionTests
{
    [Fact]
    public void Appending_to_a_shorter_array_leaves_the_longer_one_alone()
    {
        var start = JqArray.Empty.Add(1).Add(2);
        var (left, right) = (start.Add("left"), start.Add("right"));
        Assert.Equal("[1,2]", start.ToString());
        Assert.Equal("[1,2,\"left\"]", left.ToString());
        Assert.Equal("[1,2,\"right\"]", right.ToString());
    }

    [Fact]
    public void Appending_many_elements_copies_each_a_few_times_only()
    {
        var array = JqArray.Empty;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100_000; i++) array = array.Add(i);
        Assert.Equal(100_000, array.Count);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20_000_000);
    }

    [Fact]
    public void A_slice_shares_elements_and_grows_on_its_own()
    {
        JqArray array = [0, 1, 2, 3, 4];
        var slice = array.Slice(1, 3);
        Assert.Equal("[1,2,3]", slice.ToString());
        Assert.Equal("[1,2,3,9]", slice.Add(9).ToString());
        Assert.Equal("[0,1,2,3,4]", array.ToString());
        Assert.Throws<ArgumentOutOfRangeException>(() => array.Slice(3, 3));
    }

    [Fact]
    public void Threads_may_append_to_the_same_array_at_once()
    {
        for (var round = 0; round < 50; round++)
        {
            var start = JqArray.Empty.Add(0).Add(1).Add(2).Add(3).Add(4);
            var results = new JqArray[8];
            Parallel.For(0, results.Length, i => results[i] = start.Add(100 + i).Add(200 + i));
            for (var i = 0; i < results.Length; i++) Assert.Equal($"[0,1,2,3,4,{100 + i},{200 + i}]", results[i].ToString());
        }
    }

    [Fact]
    public void Keys_keep_the_order_of_insertion()
    {
        var members = JqObject.Empty.With("b", 1).With("a", 2).With("c", 3).With("a", 4);
        Assert.Equal("""{"b":1,"a":4,"c":3}""", members.ToString());
        Assert.Equal("""{"b":1,"c":3}""", members.Without("a").ToString());
        Assert.Same(members, members.Without("zzz"));
        Assert.Equal("b a c", string.Join(" ", members.Keys));
    }

    [Fact]
    public void A_large_object_finds_every_key()
    {
        var members = JqObject.Empty;
        for (var i = 0; i < 5_000; i++) members = members.With($"key{i}", i);
        for (var i = 0; i < 5_000; i++) Assert.Equal(i, members[$"key{i}"]);
        Assert.False(members.ContainsKey("key5000"));
        Assert.Equal(4_999, members.Without("key17").Count);
        Assert.Equal(18, members.Without("key17")["key18"]);
    }

    [Fact]
    public void Objects_that_share_keys_stay_apart()
    {
        var start = JqObject.Empty.With("a", 1);
        var (x, y, again) = (start.With("x", 2), start.With("y", 3), start.With("x", 4));
        Assert.Equal("""{"a":1}""", start.ToString());
        Assert.Equal("""{"a":1,"x":2}""", x.ToString());
        Assert.Equal("""{"a":1,"y":3}""", y.ToString());
        Assert.Equal("""{"a":1,"x":4}""", again.ToString());
        Assert.False(start.ContainsKey("x"));
        Assert.False(x.ContainsKey("y"));
    }

    [Fact]
    public void Threads_may_add_keys_to_the_same_object_at_once()
    {
        for (var round = 0; round < 50; round++)
        {
            var start = JqObject.Empty;
            for (var i = 0; i < 12; i++) start = start.With($"k{i}", i);
            var results = new JqObject[8];
            Parallel.For(0, results.Length, i =>
            {
                var mine = start;
                for (var k = 0; k < 20; k++) mine = mine.With($"t{i % 3}-{k}", i * 100 + k);
                results[i] = mine;
            });
            for (var i = 0; i < results.Length; i++)
            {
                Assert.Equal(32, results[i].Count);
                for (var k = 0; k < 20; k++) Assert.Equal(i * 100 + k, results[i][$"t{i % 3}-{k}"]);
                Assert.Equal(11, results[i]["k11"]);
            }
        }
    }
}
