using System.Net;
using System.Text.Json;

namespace Baton.Engine;

/// <summary>Turns what a step threw into an error and its class: by type and status first, never by the words of a message.</summary>
public static class FailureClassifier
{
    public static (WorkflowError Error, ErrorClass Class) Describe(Exception thrown, string instance) => thrown switch
    {
        WorkflowException e => (e.Error with { Instance = e.Error.Instance ?? instance }, e.Class),
        HttpRequestException { StatusCode: { } status } e => Communication((int)status, e.Message, instance),
        HttpRequestException e => (new WorkflowError(ErrorTypes.Communication, (int)HttpStatusCode.BadGateway, "Communication Error", e.Message, instance, ErrorClass.Connectivity.ToName()), ErrorClass.Connectivity),
        TimeoutException or OperationCanceledException => (Timeout(thrown.Message, instance), ErrorClass.Connectivity),
        IOException e => (new WorkflowError(ErrorTypes.Communication, (int)HttpStatusCode.BadGateway, "Communication Error", e.Message, instance, ErrorClass.Connectivity.ToName()), ErrorClass.Connectivity),
        JsonException e => (new WorkflowError(ErrorTypes.Validation, 400, "Validation Error", e.Message, instance, ErrorClass.DataValidation.ToName()), ErrorClass.DataValidation),
        _ => (new WorkflowError(ErrorTypes.Runtime, 500, "Runtime Error", $"{thrown.GetType().Name}: {thrown.Message}", instance, ErrorClass.Generic.ToName()), ErrorClass.Generic),
    };

    /// <summary>The error of a call that was answered with a status that is not a success.</summary>
    public static (WorkflowError Error, ErrorClass Class) Communication(int status, string detail, string instance)
    {
        var errorClass = ErrorClasses.OfStatus(status);
        var title = Enum.IsDefined((HttpStatusCode)status) ? Words(((HttpStatusCode)status).ToString()) : "Communication Error";
        return (new WorkflowError(ErrorTypes.Communication, status, title, detail, instance, errorClass.ToName()), errorClass);
    }

    public static WorkflowError Timeout(string detail, string instance) =>
        new(ErrorTypes.Timeout, 408, "Timeout", detail, instance, ErrorClass.Connectivity.ToName());

    private static string Words(string pascal) =>
        string.Concat(pascal.Select((c, i) => i > 0 && char.IsUpper(c) && char.IsLower(pascal[i - 1]) ? $" {c}" : $"{c}"));
}
