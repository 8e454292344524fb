using System.ComponentModel.DataAnnotations;

namespace Baton.Server.Gateway;

/// <summary>What this node keeps of answers, in memory: nothing of it is on disk, or known to other nodes.</summary>
internal sealed class CacheOptions
{
    public const string Section = "Gateway:Cache";

    /// <summary>What all answers together may take, in bytes; those that were not asked for longest go first. Default 64 MiB.</summary>
    [Range(0L, 1L << 40)]
    public long MaxBytes { get; set; } = 64 << 20;

    /// <summary>Largest answer that is kept, in bytes, and how far one who listens to a shared call may fall behind. Default 1 MiB.</summary>
    [Range(1024, 1 << 30)]
    public int MaxAnswerBytes { get; set; } = 1 << 20;

    /// <summary>How many questions are remembered by their meaning, where a model gives answers to questions that are alike (<see cref="SimilarOptions"/>). One takes 4 bytes for each number of its vector, often 6 KiB. Default 2,000.</summary>
    [Range(0, 100_000)]
    public int MaxQuestions { get; set; } = 2_000;
}

/// <summary>Which answers of a model may be given again.</summary>
internal sealed class ModelCacheOptions
{
    /// <summary>How long an answer may be given again. Default 0: answers are not kept, but identical calls that are under way at the same time share one.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00")]
    public TimeSpan Ttl { get; set; }

    /// <summary>How much longer it may be given when every target fails. Default 0.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00")]
    public TimeSpan StaleIfError { get; set; }

    /// <summary>Whose answers: <c>deterministic</c> (the default; requests with <c>temperature</c> 0 or a <c>seed</c>, embeddings, counts of tokens) or <c>all</c>.</summary>
    [AllowedValues("deterministic", "all")]
    public string Requests { get; set; } = "deterministic";

    /// <summary>Whether identical calls that are under way share one. Default true.</summary>
    public bool Coalesce { get; set; } = true;

    /// <summary>Whether an answer may be given to a question that is only alike. Default: no, to the same only.</summary>
    public SimilarOptions? Similar { get; set; }
}

/// <summary>When a question is like another: an answer to one may be wrong for the other, so this is for those who have looked at theirs.</summary>
internal sealed class SimilarOptions
{
    /// <summary>The model for embeddings that compares them, by its name here. It is asked once for each question that is not kept to the letter.</summary>
    [Required(AllowEmptyStrings = false)]
    public string Model { get; set; } = "";

    /// <summary>Least cosine between their embeddings. Default 0.95: what that means differs from model to model.</summary>
    [Range(0.5, 1.0)]
    public double Threshold { get; set; } = 0.95;

    /// <summary>How long an answer may wait for the embedding of its question; then it is asked for without. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(1);
}
