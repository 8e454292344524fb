using System.Text.Json.Serialization;

namespace Baton.Server.PrConfidence;

/// <summary>Which range of which repository: what <paramref name="Head"/> adds since it left <paramref name="Base"/>.</summary>
/// <param name="Repo">A folder on this machine, bare or with a work tree.</param>
/// <param name="Base">Branch, tag or commit id.</param>
/// <param name="Head">Branch, tag or commit id.</param>
/// <param name="Limits">Left out: the defaults.</param>
internal sealed record CollectRequest(
    [property: JsonRequired] string Repo, [property: JsonRequired] string Base, [property: JsonRequired] string Head, CollectLimits? Limits = null);

/// <summary>What is kept of a range. A limit that is reached is always recorded as a note of the result.</summary>
/// <param name="MaxFiles">Changed files listed.</param>
/// <param name="MaxCommits">Commits listed, the newest.</param>
/// <param name="MaxDiffBytes">Bytes of patch read from git.</param>
/// <param name="MaxKeptChars">Characters of diff lines kept in the result: this bounds the size of the journal entry.</param>
/// <param name="MaxKeptCharsPerFile">Characters of diff lines kept for one file, so that one huge file leaves room for the others.</param>
/// <param name="MaxLineChars">A longer line is cut and ends in an ellipsis.</param>
/// <param name="MaxNames">Changed names listed.</param>
/// <param name="MaxBlobBytes">A larger file is not read for names.</param>
/// <param name="TimeoutSeconds">For each git command.</param>
internal sealed record CollectLimits(
    int MaxFiles = 2_000,
    int MaxCommits = 500,
    int MaxDiffBytes = 16 << 20,
    int MaxKeptChars = 512 << 10,
    int MaxKeptCharsPerFile = 64 << 10,
    int MaxLineChars = 300,
    int MaxNames = 1_000,
    int MaxBlobBytes = 512 << 10,
    double TimeoutSeconds = 60);

[JsonPolymorphic(TypeDiscriminatorPropertyName = "outcome")]
[JsonDerivedType(typeof(Collected), "collected")]
[JsonDerivedType(typeof(Failed), "failed")]
internal abstract record CollectResult
{
    private CollectResult() { }

    public sealed record Collected(ChangeSet Changes) : CollectResult;

    public sealed record Failed(GitError Error, string Message) : CollectResult
    {
        public Failed(GitError error)
            : this(error, error.Message)
        {
        }
    }
}
