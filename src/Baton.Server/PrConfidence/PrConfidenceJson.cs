using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Baton.Server.PrConfidence;

/// <summary>
/// The wire form of what goes into and comes out of each step: snake_case; what is absent is left out,
/// except where its absence is the finding. The largest is the range that was collected; with the default
/// limits its text is bounded by 512 Ki characters of diff, 256 Ki of commit messages and about 1 Mi of names and paths.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    AllowOutOfOrderMetadataProperties = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(CollectRequest))]
[JsonSerializable(typeof(CollectResult))]
[JsonSerializable(typeof(ChangeSet))]
[JsonSerializable(typeof(TicketRequest))]
[JsonSerializable(typeof(TicketResult))]
[JsonSerializable(typeof(Ticket))]
[JsonSerializable(typeof(CrossReferenceRequest))]
[JsonSerializable(typeof(CrossReference))]
[JsonSerializable(typeof(StaleDocsRequest))]
[JsonSerializable(typeof(StaleDocsResult))]
[JsonSerializable(typeof(StaleDocs))]
[JsonSerializable(typeof(QuestionsRequest))]
[JsonSerializable(typeof(CriterionQuestions))]
[JsonSerializable(typeof(ModelAnswer))]
[JsonSerializable(typeof(VerdictRequest))]
[JsonSerializable(typeof(VerdictReport))]
[JsonSerializable(typeof(ScoreRequest))]
[JsonSerializable(typeof(ScoreReport))]
[JsonSerializable(typeof(ReportRequest))]
[JsonSerializable(typeof(PrConfidenceReport))]
[JsonSerializable(typeof(TerminalReport))]
[JsonSerializable(typeof(TicketFileRequest))]
[JsonSerializable(typeof(ReportParts))]
[JsonSerializable(typeof(ReportOutput))]
[JsonSerializable(typeof(GitError.Failed), TypeInfoPropertyName = "GitErrorFailed")]
[JsonSerializable(typeof(CollectResult.Failed), TypeInfoPropertyName = "CollectResultFailed")]
[JsonSerializable(typeof(TicketResult.Failed), TypeInfoPropertyName = "TicketResultFailed")]
[JsonSerializable(typeof(StaleDocsResult.Failed), TypeInfoPropertyName = "StaleDocsResultFailed")]
internal sealed partial class PrConfidenceJson : JsonSerializerContext
{
    /// <summary>For programs: characters as they are instead of as escapes, which would triple what a diff takes.</summary>
    public static PrConfidenceJson Relaxed => field ??= new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>For readers: indented, and with characters as they are instead of as escapes.</summary>
    public static PrConfidenceJson Readable =>
        field ??= new(new JsonSerializerOptions(Default.Options) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
