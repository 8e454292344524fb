using System.Text.Json;

namespace Baton.Client;

/// <summary>A question to a person.</summary>
/// <param name="Workflow"><c>namespace/name</c> of the run that waits for the answer.</param>
/// <param name="State">open, answered, expired, or withdrawn: its run has ended.</param>
/// <param name="Assignee">Whom it is for; null for anybody.</param>
/// <param name="Data">What to look at before answering.</param>
/// <param name="Deadline">When it expires; null for never.</param>
/// <param name="AnsweredAt">When it was answered, or expired.</param>
/// <param name="AnsweredBy">The name of the credential that answered.</param>
public sealed record ApprovalView(
    string Id, string RunId, string Workflow, string State, string? Assignee, string Title, string? Message, IReadOnlyList<string> Choices, JsonElement? Data,
    DateTimeOffset CreatedAt, DateTimeOffset? Deadline, DateTimeOffset? AnsweredAt, string? AnsweredBy, string? Choice, string? Comment);

/// <summary>An answer.</summary>
/// <param name="Choice">One of the question's choices.</param>
/// <param name="Value">What the failed task is to give, where the choice is <c>value</c>.</param>
public sealed record AnswerRequest(string Choice, string? Comment = null, JsonElement? Value = null);
