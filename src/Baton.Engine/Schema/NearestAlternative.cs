namespace Baton.Engine.Schema;

/// <summary>Guesses which alternative of <c>anyOf</c> or <c>oneOf</c> was meant.</summary>
internal static class NearestAlternative
{
    private const int WrongKind = 1_000, WrongMark = 100;

    /// <summary>
    /// The alternative with the fewest errors, the first of several. A value of the wrong kind was hardly meant; nor was an alternative
    /// whose mark, a <c>const</c> or <c>enum</c> in one of its members, is another one. Null when the error has no alternatives.
    /// </summary>
    public static FailedAlternative? Of(ValidationError error) =>
        error.Alternatives.MinBy(alternative => alternative.Errors.IsEmpty ? int.MaxValue : alternative.Errors.Sum(cause => Distance(cause, error)));

    private static int Distance(ValidationError cause, ValidationError choice) => cause.Keyword switch
    {
        "type" when cause.IsAt(choice) => WrongKind,
        "const" or "enum" => WrongMark,
        _ => 1,
    };
}
