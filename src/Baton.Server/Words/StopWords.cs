using System.Collections.Frozen;

namespace Baton.Server.Words;

/// <summary>Words that do not tell one criterion from another.</summary>
internal static class StopWords
{
    // Function words of English.
    private const string English = """
        a about above after again all also although am among an and another any anyone anything are as at be because been before being below between both but by
        can cannot could did do does doing done down during each either else etc even ever every few for from further get gets getting got had has have having he her here hers
        him his how however i if in instead into is it its itself just least let lets like likely many may me might more most much must my near need needs neither never no nor
        not nothing now of off often on once one only onto or other others otherwise our out over own per perhaps quite rather same shall she should since so some someone something
        still such than that the their them then there these they this those though through thus to too two under until up upon us via very was way we well were what whatever
        when whenever where whether which while who whole whom whose why will with within without would yet you your yours
        """;

    // The way tickets are written, whatever they ask for.
    private const string Requirements = """
        able acceptance accept accordingly allow allowed allows appropriate available become becomes becoming behave behavior behaviour bring brings carries carry case cases come comes correct correctly criteria criterion currently ensure
        ensures exactly everything exist existing exists expect expected feature following follows given goes happen happens implement implemented include included includes including keep keeps make makes
        making matter new please possible possibly properly provide provided provides require required requirement requires respectively shown simply story successfully
        support supported supports system take taken takes taking therefore things thing ticket use used user users uses using want wants work works
        """;

    // The frame of source files, as far as no ticket would use the word for its own matter: "export" and "default" are not here.
    private const string Code = """
        abstract async await bool boolean const def elif enum extends finally float fn foreach func impl implements int lambda namespace nil none null override readonly sealed
        self static struct super typeof undefined var void
        """;

    private static readonly FrozenSet<string> Words =
        (English + "\n" + Requirements + "\n" + Code).Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.Ordinal);

    public static bool Contains(string word) => Words.Contains(word);
}
