using Baton.Engine.Dsl.Documents;
using Baton.Engine.Dsl.Expressions;
using Baton.Jq;

namespace Baton.Engine.Dsl.Interpretation;

/// <summary>Reads from a run's input the key by which its workflow is limited. Nothing of the run is there yet: the expression sees the input and no variables.</summary>
internal static class ConcurrencyKey
{
    private const string Pointer = "/document/metadata/baton/concurrency/key";

    public static Func<ReadOnlyMemory<byte>, string> Reader(ConcurrencyRule rule) => rule.Key is { } key ? payload => Read(key, payload) : _ => "";

    private static string Read(Template key, ReadOnlyMemory<byte> payload)
    {
        var scope = new Scope(new RunFrame(() => JqValue.Null, () => JqValue.Null, new JqOptions()));
        var text = Interpreter.Text(key, payload.IsEmpty ? JqValue.Null : JqValue.Parse(payload.Span, Payloads.Trusted), scope, Pointer)
            ?? throw Fault("The input has no value for the key by which runs of this workflow are limited.");
        return text.Length <= ConcurrencyLimits.MaxKey ? text : throw Fault($"The key by which runs of this workflow are limited is {text.Length:N0} characters long; it may have {ConcurrencyLimits.MaxKey}.");
    }

    private static WorkflowException Fault(string detail) => new(new WorkflowError(ErrorTypes.Validation, 400, "No concurrency key", detail, Pointer), ErrorClass.DataValidation);
}
