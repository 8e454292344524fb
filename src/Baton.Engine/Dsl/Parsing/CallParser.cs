using System.Collections.Immutable;
using Baton.Engine.Dsl.Documents;
using Baton.Engine.Dsl.Expressions;
using Baton.Jq;

namespace Baton.Engine.Dsl.Parsing;

/// <summary>The call task: HTTP, OpenAPI, our functions, the host's, and reusable or external ones.</summary>
internal static class CallParser
{
    /// <summary>Calls of the language that this server keeps and refuses when they are run.</summary>
    private static readonly Dictionary<string, string[]> Unsupported = new(StringComparer.Ordinal)
    {
        ["asyncapi"] = ["document", "channel", "operation", "server", "protocol", "message", "subscription", "authentication"],
        ["grpc"] = ["proto", "service", "method", "arguments"],
        ["a2a"] = ["agentCard", "server", "method", "parameters"],
        ["mcp"] = ["protocolVersion", "method", "parameters", "timeout", "transport", "client"],
    };

    private static readonly string[] Ours = ["http", "openapi", "map", "workflow", "aggregate", "approve"];

    public static TaskNode? Call(ObjectReader reader, ParseContext context, VariableNames variables, int depth)
    {
        var with = reader.Take("with");
        if (reader.TakeText("call") is not { } function) return null;
        if (Unsupported.TryGetValue(function, out var properties))
        {
            if (Arguments(reader, with, context) is not { } kept) return null;
            foreach (var name in properties) kept.TakeAny(name);
            kept.Close($"'call: {function}'");
            return new TaskNode.Unsupported($"call: {function}", IsCall: true);
        }
        switch (function)
        {
            case "http": return Arguments(reader, with, context) is { } http ? Http(http, context, variables) : null;
            case "openapi": return Arguments(reader, with, context) is { } openApi ? OpenApi(openApi, context, variables) : null;
            case "map": return Arguments(reader, with, context) is { } map ? Map(map, context, variables, depth) : null;
            case "aggregate": return Arguments(reader, with, context) is { } aggregate ? Aggregate(aggregate, context, variables) : null;
            case "approve": return Arguments(reader, with, context) is { } approve ? ApproveParser.Call(approve, context, variables) : null;
            case "workflow": return Arguments(reader, with, context) is { } workflow ? Workflow(workflow, context, variables) : null;
        }
        return Function(function, reader, with, context, variables);
    }

    private static ObjectReader? Arguments(ObjectReader reader, JqValue? with, ParseContext context)
    {
        if (with is not null) return ObjectReader.Open(with.Value, reader.At("with"), context, "'with'");
        context.Add(reader.Pointer, "This call needs 'with'.", "Add 'with:' and the arguments below it.");
        return null;
    }

    private static TaskNode.CallHttp? Http(ObjectReader with, ParseContext context, VariableNames variables)
    {
        var method = with.Require("method", "'call: http'") is { } m ? context.CompileText(m, with.At("method"), variables) : null;
        var endpoint = with.Require("endpoint", "'call: http'") is { } e ? CommonParser.Endpoint(e, with.At("endpoint"), context, variables) : null;
        var rule = method is null || endpoint is null ? null
            : new HttpRule(method, endpoint, Value("headers"), Value("query"), with.TakeAny("body") is { } body ? context.CompileValue(body, with.At("body"), variables) : null, Output(with, context, variables), with.TakeBoolean("redirect", false));
        foreach (var name in new[] { "headers", "query", "body", "output", "redirect" }) with.Take(name);
        with.Close("'call: http'");
        return rule is null ? null : new TaskNode.CallHttp(rule);

        Template? Value(string name) => with.Take(name) is { } value ? context.CompileObject(value, with.At(name), variables) : null;
    }

    private static TaskNode.CallOpenApi? OpenApi(ObjectReader with, ParseContext context, VariableNames variables)
    {
        var document = CommonParser.Resource(with, "document", "'call: openapi'", context, variables);
        var operation = with.Require("operationId", "'call: openapi'") is { } o ? context.CompileText(o, with.At("operationId"), variables) : null;
        var parameters = with.Take("parameters") is { } p ? context.CompileObject(p, with.At("parameters"), variables) : null;
        var output = Output(with, context, variables);
        var redirect = with.TakeBoolean("redirect", false);
        var authentication = CommonParser.Authentication(with, context, variables);
        with.Close("'call: openapi'");
        return document is null || operation is null ? null : new TaskNode.CallOpenApi(document, operation, parameters, output, redirect, authentication);
    }

    private static Template? Output(ObjectReader with, ParseContext context, VariableNames variables)
    {
        if (with.Take("output") is not { } value) return null;
        var template = context.CompileValue(value, with.At("output"), variables);
        if (template.Constant is not null) with.TakeWord("output", 0, ("content", 0), ("raw", 1), ("response", 2));
        return template;
    }

    private static TaskNode.CallMap? Map(ObjectReader with, ParseContext context, VariableNames variables, int depth)
    {
        var items = FlowParser.Items(with, "'call: map'", context, variables);
        var each = FlowParser.Name(with, "each", "item", context);
        var at = FlowParser.Name(with, "at", "index", context);
        var parallel = with.Take("parallel") is { } p ? context.CompileValue(p, with.At("parallel"), variables) : null;
        if (parallel?.Constant is { } constant && !(constant.TryGetInt64(out var number) && number is >= 1 and <= 10_000)) context.Add(with.At("parallel"), $"'parallel' is a whole number from 1 to 10,000, not {ObjectReader.Describe(constant)}.", "Write such a number.");
        var onError = with.TakeWord("on_error", MapErrors.Fail, ("fail", MapErrors.Fail), ("collect", MapErrors.Collect), ("skip", MapErrors.Skip));
        var inner = variables.With(each, at);
        if (with.Has("do") == with.Has("workflow")) context.Add(with.Pointer, "A map has either 'do' or 'workflow'.", "Write the tasks for each item below 'do:'.");
        context.Maps++;
        var tasks = with.Take("do") is { } list ? TaskParser.List(list, with.At("do"), context, inner, depth + 1) : null;
        context.Maps--;
        TaskNode? workflow = null;
        if (with.Take("workflow") is { } w && ObjectReader.Open(w, with.At("workflow"), context, "'workflow'") is { } child)
        {
            workflow = RunParser.Workflow(child, context, inner, isAwaited: true, returnsNothing: false, isCall: true);
            child.Close("'workflow'");
            workflow = workflow is null ? null : workflow with { Name = "workflow", Pointer = with.At("workflow"), Definition = w };
        }
        with.Close("'call: map'");
        return items is null || (tasks is null && workflow is null) ? null : new TaskNode.CallMap(new MapRule(items, each, at, parallel, onError, tasks, workflow));
    }

    private static TaskNode.CallAggregate? Aggregate(ObjectReader with, ParseContext context, VariableNames variables)
    {
        var items = FlowParser.Items(with, "'call: aggregate'", context, variables);
        var by = CommonParser.Condition(with, "by", context, variables);
        var success = CommonParser.Condition(with, "success", context, variables);
        var values = ImmutableArray.CreateBuilder<KeyValuePair<string, Expression>>();
        if (with.Take("values") is { } v && ObjectReader.Open(v, with.At("values"), context, "'values'") is { } named)
        {
            foreach (var (name, _) in v.AsObject())
            {
                if (CommonParser.Condition(named, name, context, variables) is { } expression) values.Add(KeyValuePair.Create(name, expression));
            }
        }
        with.Close("'call: aggregate'");
        return items is null ? null : new TaskNode.CallAggregate(new AggregateRule(items, by, success, values.ToImmutable()));
    }

    private static TaskNode.RunWorkflow? Workflow(ObjectReader with, ParseContext context, VariableNames variables)
    {
        var isAwaited = with.TakeBoolean("await", true);
        var task = RunParser.Workflow(with, context, variables, isAwaited, returnsNothing: false, isCall: true);
        with.Close("'call: workflow'");
        return task;
    }

    private static TaskNode? Function(string name, ObjectReader reader, JqValue? with, ParseContext context, VariableNames variables)
    {
        if (with is { IsObject: false })
        {
            context.Add(reader.At("with"), $"'with' is an object of arguments, not {ObjectReader.Describe(with.Value)}.", "Write name and value pairs.");
            return null;
        }
        var arguments = context.CompileValue(with ?? JqValue.EmptyObject, reader.At("with"), variables);
        if (context.Reusable("functions").ContainsKey(name)) return new TaskNode.CallReusable(name, arguments);
        if (context.Host.FindFunction(name) is { } function)
        {
            CheckArguments(function, with ?? JqValue.EmptyObject, reader, context);
            return new TaskNode.CallFunction(name, arguments);
        }
        if (External(name, reader, context, variables) is { } document) return new TaskNode.CallExternal(document, arguments);
        if (!name.Contains("://", StringComparison.Ordinal) && !name.Contains('@')) context.Add(reader.At("call"), $"There is no function '{name}'.", Nearest.Hint(name, [.. Ours, .. Unsupported.Keys, .. context.Host.FunctionNames, .. context.Reusable("functions").Keys]));
        return null;
    }

    /// <summary>A function at a URL, or <c>name:version@catalog</c> below the catalog's address.</summary>
    private static Endpoint? External(string name, ObjectReader reader, ParseContext context, VariableNames variables)
    {
        if (Uri.TryCreate(name, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https") return new Endpoint(Template.Of(CatalogAddress.Raw(uri).ToString()), false, null);
        if (CatalogAddress.TryParse(name, out var function, out var version, out var catalog))
        {
            if (!context.Reusable("catalogs").TryGetValue(catalog, out var definition))
            {
                context.Add(reader.At("call"), $"There is no catalog '{catalog}' under use.catalogs.", Nearest.Hint(catalog, context.Reusable("catalogs").Keys));
                return null;
            }
            var pointer = $"/use/catalogs/{YamlReader.Escape(catalog)}";
            if (ObjectReader.Open(definition, pointer, context, "A catalog") is not { } entry || entry.Require("endpoint", "A catalog") is not { } address) return null;
            if (CommonParser.Endpoint(address, entry.At("endpoint"), context, variables) is not { } root) return null;
            if (root.Uri.Constant is { } constant && Uri.TryCreate(constant.ToString().Trim('"'), UriKind.Absolute, out var at)) return root with { Uri = Template.Of(CatalogAddress.Function(at, function, version).ToString()), IsUriTemplate = false };
            context.Add(entry.At("endpoint"), "A catalog's address is a fixed absolute URI.", "Write https://…");
        }
        return null;
    }

    private static void CheckArguments(WorkflowFunction function, JqValue with, ObjectReader reader, ParseContext context)
    {
        foreach (var (name, _) in with.AsObject())
        {
            if (!function.Parameters.Any(parameter => parameter.Name == name)) context.Add($"{reader.At("with")}/{YamlReader.Escape(name)}", $"'{function.Name}' has no parameter '{name}'.", Nearest.Hint(name, function.Parameters.Select(parameter => parameter.Name)));
        }
        foreach (var parameter in function.Parameters)
        {
            if (parameter.IsRequired && !with.AsObject().ContainsKey(parameter.Name)) context.Add(reader.At("with"), $"'{function.Name}' needs '{parameter.Name}': {parameter.Description}", $"Add '{parameter.Name}:'.");
        }
    }
}
