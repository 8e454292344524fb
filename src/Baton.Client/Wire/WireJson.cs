using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Baton.Client;

/// <summary>JSON of the wire: snake_case, absent where null.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StartRun))]
[JsonSerializable(typeof(RunView))]
[JsonSerializable(typeof(Page<RunView>))]
[JsonSerializable(typeof(RunResult))]
[JsonSerializable(typeof(JournalEntryView))]
[JsonSerializable(typeof(Page<JournalEntryView>))]
[JsonSerializable(typeof(StepStartedView))]
[JsonSerializable(typeof(ControlRequest))]
[JsonSerializable(typeof(EventReceipt))]
[JsonSerializable(typeof(WorkflowView))]
[JsonSerializable(typeof(Page<WorkflowView>))]
[JsonSerializable(typeof(Page<ScheduleView>))]
[JsonSerializable(typeof(Page<NodeView>))]
[JsonSerializable(typeof(RouteView))]
[JsonSerializable(typeof(Page<RouteView>))]
[JsonSerializable(typeof(RouteExplanation))]
[JsonSerializable(typeof(ApprovalView))]
[JsonSerializable(typeof(Page<ApprovalView>))]
[JsonSerializable(typeof(AnswerRequest))]
[JsonSerializable(typeof(PutBudget))]
[JsonSerializable(typeof(BudgetView))]
[JsonSerializable(typeof(Page<BudgetView>))]
[JsonSerializable(typeof(ReconcileBudget))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(HealthView))]
[JsonSerializable(typeof(RetryRequest))]
[JsonSerializable(typeof(ForkRequest))]
[JsonSerializable(typeof(BulkRequest))]
[JsonSerializable(typeof(BulkView))]
[JsonSerializable(typeof(Page<RunErrorView>))]
[JsonSerializable(typeof(StatisticsView))]
[JsonSerializable(typeof(ImportView))]
[JsonSerializable(typeof(ResultsView))]
[JsonSerializable(typeof(RunErrorView))]
[JsonSerializable(typeof(UsageView))]
[JsonSerializable(typeof(Page<UsageRequestView>))]
[JsonSerializable(typeof(KeyView))]
[JsonSerializable(typeof(Page<KeyView>))]
[JsonSerializable(typeof(CreateKey))]
[JsonSerializable(typeof(ChangeKey))]
[JsonSerializable(typeof(RotateKey))]
[JsonSerializable(typeof(KeyLimit))]
[JsonSerializable(typeof(IReadOnlyList<KeyLimit>))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(JsonElement))]
public sealed partial class WireJson : JsonSerializerContext
{
    /// <summary>The context to use: texts stand as they are, but for what JSON itself must escape.</summary>
    /// <remarks>As deep as a workflow may build its values: what is stored can be shown.</remarks>
    public static WireJson Web => field ??= new WireJson(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 10_100 });
}
