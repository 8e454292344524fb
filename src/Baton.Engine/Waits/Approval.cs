namespace Baton.Engine;

/// <summary>A question to a person, open until it is answered once or its deadline has passed.</summary>
/// <param name="Id">The same in every replay.</param>
/// <param name="Assignee">Who is asked; null for anybody.</param>
/// <param name="Choices">What can be answered.</param>
/// <param name="Deadline">When it expires; null for never.</param>
/// <param name="Data">What the person is shown besides, as UTF-8 JSON; empty for nothing.</param>
public sealed record Approval(string Id, string? Assignee, string Title, string? Message, EquatableList<string> Choices, DateTimeOffset? Deadline, ReadOnlyMemory<byte> Data);
