using System.Text;

namespace Baton.Benchmarks;

/// <summary>The file that everything is measured on: an array of objects as an API would return it.</summary>
internal static class Records
{
    public const int Count = 10_000;

    private static readonly string[] Names = ["Ada", "Grace", "Edsger", "Barbara", "Donald", "Tony", "Frances", "Niklaus"];

    /// <summary>The same bytes every time.</summary>
    public static byte[] Make()
    {
        var json = new StringBuilder("[");
        for (var i = 0; i < Count; i++)
        {
            if (i > 0) json.Append(',');
            var n = i * 7919 % 1000;
            json.Append($$"""
                {"id":{{i}},"name":"{{Names[i % Names.Length]}} {{i}}","active":{{(i % 3 != 0 ? "true" : "false")}},"n":{{n}},"score":{{n / 8.0}},"tags":["t{{i % 10}}","t{{i % 7}}"],"address":{"city":"C\u00f6ln {{i % 50}}","zip":"{{10000 + i}}" } }
                """);
        }
        return Encoding.UTF8.GetBytes(json.Append(']').ToString());
    }
}
