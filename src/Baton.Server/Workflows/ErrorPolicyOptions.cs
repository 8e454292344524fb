using Baton.Engine;
using Baton.Engine.Dsl;
using Microsoft.Extensions.Options;

namespace Baton.Server.Workflows;

/// <summary>What is done about errors of effects, where a document does not say it.</summary>
internal sealed class ErrorPolicyOptions
{
    public const string Section = "ErrorPolicies";

    /// <summary>The policy over effects of every run that is started from now on: <c>standard</c>, one of <see cref="File"/>, or none. Default none.</summary>
    public string? Default { get; set; }

    /// <summary>A file in YAML or JSON with further policies by name, which documents may name too. Null for none.</summary>
    public string? File { get; set; }

    /// <exception cref="InvalidWorkflowException">The file breaks a rule, or there is no such policy.</exception>
    public PolicyCatalog Read() => PolicyCatalog.Parse(File is null ? null : System.IO.File.ReadAllText(File), Default);
}

/// <summary>The policies are checked when the server starts, as documents are when they are registered.</summary>
internal sealed class ErrorPolicyOptionsRules : IValidateOptions<ErrorPolicyOptions>
{
    public ValidateOptionsResult Validate(string? name, ErrorPolicyOptions options)
    {
        try
        {
            options.Read();
            return ValidateOptionsResult.Success;
        }
        catch (InvalidWorkflowException e)
        {
            return ValidateOptionsResult.Fail(e.Problems.Select(problem => $"{(problem.Pointer.Length == 0 ? "ErrorPolicies:Default" : $"ErrorPolicies:File, {options.File}")}: {problem}"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ValidateOptionsResult.Fail($"ErrorPolicies:File cannot be read: {e.Message}");
        }
    }
}
