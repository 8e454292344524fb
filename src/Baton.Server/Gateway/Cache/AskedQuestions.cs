using System.Numerics;
using System.Runtime.InteropServices;

namespace Baton.Server.Gateway;

/// <summary>Questions whose answers are kept, by their meaning: the newest so many. Thread-safe.</summary>
/// <param name="most">How many; the oldest goes for the next.</param>
internal sealed class AskedQuestions(int most)
{
    private readonly Lock gate = new();
    private readonly List<Asked> all = [];
    private int oldest;

    /// <param name="rest">Of what the question was a part: questions of others are not looked at.</param>
    /// <param name="meaning">A vector of length 1.</param>
    /// <param name="answer">Where its answer is kept.</param>
    public void Add(CacheKey rest, float[] meaning, CacheKey answer)
    {
        if (most == 0) return;
        lock (gate)
        {
            var known = all.FindIndex(one => one.Answer == answer);
            if (known >= 0) all[known] = new Asked(rest, meaning, answer);
            else if (all.Count < most) all.Add(new Asked(rest, meaning, answer));
            else
            {
                all[oldest] = new Asked(rest, meaning, answer);
                oldest = (oldest + 1) % most;
            }
        }
    }

    /// <summary>Those that are alike, the nearest first.</summary>
    /// <param name="threshold">Least cosine of the angle between the two.</param>
    public IReadOnlyList<(CacheKey Answer, double Similarity)> Find(CacheKey rest, float[] meaning, double threshold)
    {
        var found = new List<(CacheKey Answer, double Similarity)>();
        lock (gate)
        {
            foreach (var one in CollectionsMarshal.AsSpan(all))
            {
                if (one.Rest == rest && one.Meaning.Length == meaning.Length && Product(one.Meaning, meaning) is var similarity && similarity >= threshold) found.Add((one.Answer, similarity));
            }
        }
        found.Sort(static (a, b) => b.Similarity.CompareTo(a.Similarity));
        return found;
    }

    /// <summary>Brings a vector to length 1.</summary>
    /// <returns>Null for one without a direction.</returns>
    public static float[]? Normal(float[] vector)
    {
        var length = Math.Sqrt(Product(vector, vector));
        return double.IsFinite(length) && length > 0 ? Array.ConvertAll(vector, value => (float)(value / length)) : null;
    }

    private static double Product(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var left = MemoryMarshal.Cast<float, Vector<float>>(a);
        var right = MemoryMarshal.Cast<float, Vector<float>>(b);
        var sums = Vector<float>.Zero;
        for (var i = 0; i < left.Length; i++) sums += left[i] * right[i];
        var sum = (double)Vector.Sum(sums);
        for (var i = left.Length * Vector<float>.Count; i < a.Length; i++) sum += a[i] * b[i];
        return sum;
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Asked(CacheKey Rest, float[] Meaning, CacheKey Answer);
}
