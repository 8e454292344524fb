using System.Text.RegularExpressions;
using Baton.Client;
using Baton.Server.Http;
using Baton.Server.Identity;
using Baton.Server.Outbound;
using Microsoft.Extensions.Options;
using RequestBody = Baton.Server.Http.RequestBody;

namespace Baton.Server.Gateway;

/// <summary>Routes by the API: all that a tenant can ask for, and those of its own to change.</summary>
internal static partial class RouteEndpoints
{
    private const int MaxDocument = 64 << 10;

    public static async Task<IResult> List(HttpContext http, RouteTable table, RouteStore store, CancellationToken cancel)
    {
        var routes = table.Current;
        var own = (await store.ListAsync(http.Tenant, cancel)).Select(stored => RouteViews.Of(stored, routes.Find(http.Tenant, stored.Name))).ToList();
        var names = own.Select(route => route.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var all = own.Concat(routes.Shared.Where(route => !names.Contains(route.Name)).Select(RouteViews.Of)).Concat(ModelCaller.BuiltIns.Select(RouteViews.BuiltIn));
        return TypedResults.Json(new Page<RouteView>([.. all.OrderBy(route => route.Name, StringComparer.OrdinalIgnoreCase)], null), WireJson.Web.PageRouteView);
    }

    public static async Task<IResult> Get(HttpContext http, string name, RouteTable table, RouteStore store, CancellationToken cancel)
    {
        if (NameIn(ref name) is { } problem) return problem;
        if (await store.GetAsync(http.Tenant, name, cancel) is { } stored) return View(http, RouteViews.Of(stored, table.Current.Find(http.Tenant, name)));
        if (table.Current.Shared.FirstOrDefault(route => route.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } route) return View(http, RouteViews.Of(route));
        return ModelCaller.BuiltIns.FirstOrDefault(known => known.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } builtIn ? View(http, RouteViews.BuiltIn(builtIn)) : Problems.UnknownRoute(name);
    }

    public static async Task<IResult> Put(HttpContext http, string name, RequestBody bodies, RouteTable table, RouteStore store, RouteLoader loader, OutboundClient outbound, IOptions<GatewayOptions> options, CancellationToken cancel)
    {
        if (NameIn(ref name) is { } misnamed) return misnamed;
        var condition = Condition(http.Request);
        if (condition.Problem is not null) return condition.Problem;
        var body = await bodies.ReadJsonAsync(http.Request, cancel);
        if (body.Problem is not null) return body.Problem;
        var document = body.Value.ToJson();
        if (document.Length > MaxDocument) return Problems.InvalidRoute($"A route has at most {MaxDocument:N0} characters.", [new Fault("", $"At most {MaxDocument:N0} characters.")]);
        if (document.Contains("\\u0000", StringComparison.Ordinal)) return Problems.InvalidRoute("A text in it holds a character that no text here may hold: U+0000.", [new Fault("", "No U+0000.")]);
        var (model, misread) = RouteReader.Read(body.Value, RoutePlace.Body);
        IEnumerable<RouteFault> faults = misread;
        if (misread.IsEmpty)
        {
            var known = table.Current.For(http.Tenant).Select(route => route.Name).Append(name).ToHashSet(StringComparer.OrdinalIgnoreCase);
            faults = GatewayRules.CheckOwn(http.Tenant, name, model, options.Value.KeyGrants).Concat(GatewayRules.CheckNames(RoutePlace.Body, model, known)).Concat(Forbidden(model, outbound));
        }
        if (faults.ToList() is { Count: > 0 } found) return Problems.InvalidRoute(string.Join(" ", found.Take(3)), [.. found.Select(fault => new Fault(fault.At.Pointer, $"'{fault.At.Name}'{fault.Detail}"))]);
        return await AnswerAsync(http, name, table, store, loader, await store.PutAsync(http.Tenant, name, document, http.CallerName, condition.Value!), cancel);
    }

    public static async Task<IResult> Remove(HttpContext http, string name, RouteTable table, RouteStore store, RouteLoader loader, CancellationToken cancel)
    {
        if (NameIn(ref name) is { } misnamed) return misnamed;
        var condition = Condition(http.Request);
        return condition.Problem is not null ? condition.Problem : await AnswerAsync(http, name, table, store, loader, await store.RemoveAsync(http.Tenant, name, condition.Value!), cancel);
    }

    /// <summary>Who would be asked with the request in the body.</summary>
    public static async Task<IResult> Explain(HttpContext http, RequestBody bodies, RouteExplainer explainer, KeyTable keys, Credentials credentials, IOptions<GatewayOptions> options, TimeProvider time, CancellationToken cancel)
    {
        var place = http.Request.Query["surface"].ToString() is { Length: > 0 } given ? given : $"/v1{Surface.ChatCompletions.Path}";
        if (Surface.All.FirstOrDefault(one => $"/v1{one.Path}" == place) is not { } surface) return Problems.InvalidQuery("surface", $"'surface' is one of: {string.Join(", ", Surface.All.Select(one => $"/v1{one.Path}"))}.");
        var sender = Sender(http, keys, credentials, time.GetUtcNow());
        if (sender.Problem is not null) return sender.Problem;
        var body = await bodies.ReadJsonAsync(http.Request, options.Value.MaxRequestBytes, "Gateway:MaxRequestBytes", cancel);
        if (body.Problem is not null) return body.Problem;
        if (!body.Value.IsObject) return Problems.InvalidBody("The body is a request, as it would be sent to the gateway.", new Fault("", "Send a JSON object."));
        var model = body.Value["model"];
        if (!model.IsNull && !model.IsString) return Problems.InvalidBody("'model' must be a text.", new Fault("/model", "'model' must be a text."));
        return TypedResults.Json(explainer.Explain(sender.Value!, surface, model.TryGetString(out var name) ? name : null, http.Request.Headers, System.Text.Encoding.UTF8.GetBytes(body.Value.ToJson())), WireJson.Web.RouteExplanation);
    }

    /// <summary>Whose request it would be: the caller's, or that of the credential that is named. What those of others may ask for is for administrators.</summary>
    private static BodyResult<Caller> Sender(HttpContext http, KeyTable keys, Credentials credentials, DateTimeOffset now)
    {
        var name = http.Request.Query["key"].ToString();
        if (name.Length == 0 || name == http.CallerName) return http.Caller;
        if (http.Caller.Scope < KeyScope.Admin) return Problems.InsufficientScope(http.Caller.Scope.ToName(), KeyScope.Admin.ToName());
        if (keys.Keys.FirstOrDefault(key => key.Tenant == http.Tenant && key.Name == name && key.IsGood(now)) is { } key) return key.Caller;
        if (name == Caller.Workflow || credentials.Has(http.Tenant, name)) return new Caller(http.Tenant, name, KeyScope.Admin);
        return Problems.InvalidQuery("key", $"There is no key '{name}' that is good now. GET /api/v1/keys lists those that were made here; those of the keys file and of the environment have names too, and steps of workflows ask as '{Caller.Workflow}'.");
    }

    private static async Task<IResult> AnswerAsync(HttpContext http, string name, RouteTable table, RouteStore store, RouteLoader loader, RouteChange change, CancellationToken cancel)
    {
        if (change is RouteChange.Created or RouteChange.Replaced or RouteChange.Removed) await loader.ReadStoredAsync(cancel);   // the next request of this caller finds it
        return change switch
        {
            RouteChange.Created made => View(http, RouteViews.Of(made.Route, table.Current.Find(http.Tenant, name)), 201),
            RouteChange.Replaced made => View(http, RouteViews.Of(made.Route, table.Current.Find(http.Tenant, name))),
            RouteChange.Removed => TypedResults.NoContent(),
            RouteChange.OtherVersion other => Problems.RouteChanged(name, other.Version),
            RouteChange.TooMany much => Problems.TooManyRoutes(much.Most),
            RouteChange.Unknown => Problems.UnknownRoute(name),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private static IResult View(HttpContext http, RouteView view, int status = 200)
    {
        if (view.Version is not null) http.Response.Headers.ETag = $"\"{view.Version}\"";
        return TypedResults.Json(view, WireJson.Web.RouteView, statusCode: status);
    }

    /// <summary>Addresses that are written as numbers are refused at once; names when they are called.</summary>
    private static IEnumerable<RouteFault> Forbidden(ModelOptions model, OutboundClient outbound) =>
        from one in GatewayRules.TargetsOf(RoutePlace.Body, model)
        where Uri.TryCreate(one.Options.BaseUrl, UriKind.Absolute, out _)
        let reason = outbound.Refuse(new Uri(one.Options.BaseUrl!))
        where reason is not null
        select new RouteFault(one.Place[nameof(TargetOptions.BaseUrl)], $" cannot be called: {reason}.");

    /// <summary>By <c>If-Match</c> with one version, or <c>If-None-Match: *</c> for none yet (RFC 9110, section 13.1).</summary>
    private static BodyResult<RouteCondition> Condition(HttpRequest request)
    {
        var (match, none) = (request.Headers.IfMatch.ToString(), request.Headers.IfNoneMatch.ToString());
        if (match.Length > 0 && none.Length > 0) return Problems.InvalidHeader("If-None-Match", "Send If-Match or If-None-Match, not both.");
        if (none.Length > 0) return none.Trim() == "*" ? new RouteCondition.Absent() : Problems.InvalidHeader("If-None-Match", "It may be * alone: for a route that is not there yet.");
        if (match.Length == 0) return new RouteCondition.Any();
        return Version().Match(match.Trim()) is { Success: true } found ? new RouteCondition.Is(found.Groups["version"].Value) : Problems.InvalidHeader("If-Match", "Send one version with quotation marks around it, as the ETag of the route has it.");
    }

    /// <summary>Slashes may come as they are or written out.</summary>
    private static ProblemResult? NameIn(ref string name)
    {
        name = name.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        return Name().IsMatch(name) ? null : Problems.InvalidPath("name", "A route's name has 1 to 200 letters, digits and . _ : / @ + -, and begins with a letter or a digit.");
    }

    [GeneratedRegex(@"^[a-zA-Z0-9][a-zA-Z0-9._:/@+-]{0,199}\z", RegexOptions.NonBacktracking)]
    private static partial Regex Name();

    [GeneratedRegex(@"^(W/)?""(?<version>[0-9a-f]{1,64})""\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Version();
}
