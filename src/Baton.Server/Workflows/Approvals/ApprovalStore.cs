using System.Globalization;
using System.Text;
using Baton.Client;
using Baton.Engine;
using Baton.Jq;
using Baton.Server.Storage;
using Dapper;

namespace Baton.Server.Workflows;

/// <summary>An approval's row, with what its run says of it.</summary>
internal sealed record ApprovalRow(
    string Id, string RunId, string Namespace, string Workflow, string State, string RunState, string? Assignee, string Title, string? Message, string Choices, string? Data,
    long CreatedAtMs, long? DeadlineMs, long? AnsweredAtMs, string? AnsweredBy, string? Choice, string? Comment)
{
    /// <summary>open, answered, expired, or withdrawn: still open, and nobody waits for it any more.</summary>
    public string Standing => State == "open" && RunStates.Parse(RunState).IsTerminal() ? "withdrawn" : State;

    public IReadOnlyList<string> ChoiceList => JqValue.Parse(Choices, null).AsArray().Select(choice => choice.AsString()).ToList();

    public ApprovalView ToView() => new(Id, RunId, $"{Namespace}/{Workflow}", Standing, Assignee, Title, Message, ChoiceList, Data is null ? null : Views.Element(Encoding.UTF8.GetBytes(Data)),
        Time(CreatedAtMs)!.Value, Time(DeadlineMs), Time(AnsweredAtMs), AnsweredBy, Choice, Comment);

    private static DateTimeOffset? Time(long? ms) => ms is { } value ? DateTimeOffset.FromUnixTimeMilliseconds(value) : null;
}

/// <summary>What a person says to a question.</summary>
internal sealed record Answer(string Choice, string? Comment, JqValue Value, string By);

/// <summary>What became of an answer.</summary>
internal abstract record AnswerResult
{
    private AnswerResult() { }

    public sealed record Taken(ApprovalRow Approval) : AnswerResult;

    /// <summary>It is answered, has expired, or nobody waits for it any more.</summary>
    public sealed record Closed(ApprovalRow Approval) : AnswerResult;

    public sealed record NoSuchChoice(IReadOnlyList<string> Choices) : AnswerResult;

    public sealed record Unknown : AnswerResult;
}

/// <summary>Questions to people as rows: listed, and answered once.</summary>
internal sealed class ApprovalStore(Database database, RunWrites writes)
{
    private readonly ApprovalSql sql = writes.Sql.Approvals;

    public async ValueTask<ApprovalRow?> FindAsync(TenantId tenant, string id, CancellationToken cancel)
    {
        await using var connection = await database.ReadAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<ApprovalRow>(new CommandDefinition(sql.Get, new { Tenant = tenant.Value, Id = id }, cancellationToken: cancel));
    }

    /// <param name="before">The cursor: older ones than this.</param>
    public async ValueTask<Page<ApprovalView>> ListAsync(TenantId tenant, string? state, string? assignee, (long Ms, string Id)? before, int limit, CancellationToken cancel)
    {
        await using var connection = await database.ReadAsync(cancel);
        var rows = (await connection.QueryAsync<ApprovalRow>(new CommandDefinition(sql.List,
            new { Tenant = tenant.Value, State = state, Assignee = assignee, BeforeMs = before?.Ms, BeforeId = before?.Id, Limit = limit + 1 }, cancellationToken: cancel))).AsList();
        var more = rows.Count > limit;
        if (more) rows.RemoveAt(rows.Count - 1);
        return new Page<ApprovalView>([.. rows.Select(row => row.ToView())], more ? string.Create(CultureInfo.InvariantCulture, $"{rows[^1].CreatedAtMs}.{rows[^1].Id}") : null);
    }

    /// <summary>Answers an open approval and tells its run, in one transaction. Durable when the task completes.</summary>
    public async ValueTask<AnswerResult> AnswerAsync(TenantId tenant, string id, Answer answer, CancellationToken cancel)
    {
        if (await FindAsync(tenant, id, cancel) is not { } found) return new AnswerResult.Unknown();
        if (!found.ChoiceList.Contains(answer.Choice, StringComparer.Ordinal)) return new AnswerResult.NoSuchChoice(found.ChoiceList);
        var now = writes.Time.GetUtcNow();
        var taken = await writes.CommitAsync((statements, notices) =>
        {
            var close = statements[sql.Answer].Bind(1, tenant.Value).Bind(2, id).Bind(3, answer.Choice).Bind(4, answer.Comment).Bind(5, answer.By).Bind(6, now.ToUnixTimeMilliseconds());
            if (!close.Step()) return false;
            var (run, key) = (RunId.Parse(close.Text(0), null), close.Text(1));
            close.Reset();
            return new StoredEffects(statements, writes, notices, tenant, now.ToUnixTimeMilliseconds()).Send(run, new InboxMessage(0, InboxKind.Event, key, Message(answer, now)));
        });
        var after = (await FindAsync(tenant, id, cancel))!;
        return taken ? new AnswerResult.Taken(after) : new AnswerResult.Closed(after);
    }

    private static byte[] Message(Answer answer, DateTimeOffset at)
    {
        var message = JqValue.Object(("choice", answer.Choice), ("by", answer.By), ("at", at.ToString("O")));
        if (answer.Comment is { } comment) message = message.With("comment", comment);
        return (answer.Value.IsNull ? message : message.With("value", answer.Value)).ToUtf8Bytes();
    }
}
