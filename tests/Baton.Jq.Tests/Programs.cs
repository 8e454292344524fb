using System.Text;

namespace Baton.Jq.Tests;

/// <summary>Running programs in tests.</summary>
internal static class Programs
{
    /// <summary>All outputs as compact JSON, one per line.</summary>
    public static string Run(string program, string input = "null", JqOptions? options = null) =>
        string.Join('\n', JqProgram.Compile(program).Run(JqValue.Parse(input), [], options));

    /// <summary>The outputs, and how the run ended if not well.</summary>
    public static string Outcome(JqProgram program, JqValue input, JqOptions? options = null)
    {
        var text = new StringBuilder();
        try
        {
            foreach (var output in program.Run(input, [], options)) text.AppendLine(output.ToJson());
        }
        catch (JqHaltException halt)
        {
            text.Append("halts: ").Append(halt.Value);
        }
        catch (JqException error)
        {
            text.Append("error: ").Append(error.Value);
        }
        catch (JqLimitException error)
        {
            text.Append("limit: ").Append(error.Limit);
        }
        return text.ToString();
    }
}
