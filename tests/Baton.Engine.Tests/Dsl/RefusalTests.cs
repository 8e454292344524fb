using Baton.Engine.Dsl;
using Baton.Engine.Tests.Support;
using static Baton.Engine.Tests.Dsl.Documents;

namespace Baton.Engine.Tests.Dsl;

/// <summary>What a document may not say: each refusal names the place, the rule and the mend.</summary>
public sealed class RefusalTests
{
    public static TheoryData<string, string, string> Typos => new()
    {
        { "dо: []".Replace('о', '0'), "/d0", "'d0'" },
        { "do:\n  - a: { set: { x: 1 }, thn: end }", "/do/0/a/thn", "Did you mean 'then'?" },
        { "do:\n  - a:\n      try: [ { b: { set: { x: 1 } } } ]\n      catch: { retires: {} }", "/do/0/a/catch/retires", "Did you mean 'retry'?" },
        { "use: { retires: {} }\ndo: [ { a: { set: { x: 1 } } } ]", "/use/retires", "Did you mean 'retries'?" },
        { "do:\n  - a: { call: http, with: { method: get, endpont: 'http://x' } }", "/do/0/a/with/endpont", "Did you mean 'endpoint'?" },
        { "do:\n  - a: { cal: http }", "/do/0/a", "Did you mean 'call'?" },
        { "do:\n  - a: { call: htpp, with: {} }", "/do/0/a/call", "Did you mean 'http'?" },
        { "do:\n  - a: { set: { x: 1 }, then: nowhere }", "/do/0/a/then", "no task 'nowhere'" },
        { "do:\n  - a: { switch: [ { c: { when: '.x', then: bb } } ] }\n  - b: { set: { x: 1 } }", "/do/0/a/switch/0/c/then", "Did you mean 'b'?" },
        { "do:\n  - a: { set: { x: '${ .a | }' } }", "/do/0/a/set", "not jq" },
        { "do:\n  - a: { if: '.a ==', set: { x: 1 } }", "/do/0/a/if", "not a jq expression" },
        { "do:\n  - a: { set: { x: '${ $nope }' } }", "/do/0/a/set", "$context" },
        { "do:\n  - a: { set: { x: '${ fooo(1) }' } }", "/do/0/a/set", "fooo" },
        { "do:\n  - a: { wait: { secnds: 1 } }", "/do/0/a/wait", "'secnds'" },
        { "do:\n  - a: { wait: 10 seconds }", "/do/0/a/wait", "ISO 8601" },
        { "do:\n  - a: { raise: { error: unknownOne } }", "/do/0/a/raise/error", "use.errors" },
        { "do:\n  - a: { set: { x: 1 }, timeout: short }", "/do/0/a/timeout", "use.timeouts" },
        { "do:\n  - a: { call: http, with: { method: get, endpoint: { uri: 'http://x', authentication: { use: mine } } } }", "/do/0/a/with/endpoint/authentication/use", "use.authentications" },
        { "do:\n  - a: { call: http, with: { method: get, endpoint: { uri: 'http://x', authentication: { basic: { user: u, password: p } } } } }", "/do/0/a/with/endpoint/authentication/basic", "username" },
        { "do:\n  - a: { fork: { branches: [] }, do: [] }", "/do/0/a", "does one thing" },
        { "do:\n  - a: { for: { in: .x } }", "/do/0/a", "needs 'do'" },
        { "do:\n  - a: { set: { x: 1 } }\n  - a: { set: { x: 2 } }", "/do/1/a", "Two tasks" },
        { "schedule: { every: { seconds: 5 }, cron: '* * * * *' }\ndo: [ { a: { set: { x: 1 } } } ]", "/schedule", "exactly one" },
        { "schedule: { cron: '61 * * * *' }\ndo: [ { a: { set: { x: 1 } } } ]", "/schedule/cron", "0 to 59" },
        { "schedule: { cron: '0 0 31 2 *' }\ndo: [ { a: { set: { x: 1 } } } ]", "/schedule/cron", "never comes" },
        { "schedule: { read: data, every: PT1H }\ndo: [ { a: { set: { x: 1 } } } ]", "/schedule/read", "'on' only" },
        { "input: { schema: { document: { type: 5 } } }\ndo: [ { a: { set: { x: 1 } } } ]", "/input/schema/document/type", "JSON Schema" },
        { "do:\n  - a: { listen: { to: { one: { with: {} } } } }", "/do/0/a/listen/to/one/with", "at least one attribute" },
        { "do:\n  - a: { emit: { event: { with: { source: here } } } }", "/do/0/a/emit/event/with", "'type'" },
        { "do:\n  - a: { call: map, with: { in: .x, do: [], paralel: 3 } }", "/do/0/a/with/paralel", "Did you mean 'parallel'?" },
        { "do:\n  - a: { run: { shell: { comand: ls } } }", "/do/0/a/run/shell/comand", "Did you mean 'command'?" },
        { "evaluate: { language: javascript }\ndo: [ { a: { set: { x: 1 } } } ]", "/evaluate/language", "Use jq" },
        { "do: {}", "/do", "is a list" },
        { "do:\n  - a: { set: { x: 1 }, then: nowhere }\n  - b: { sett: { x: 1 } }", "/do/0/a/then", "no task 'nowhere'" },
        { "do:\n  - a: { fork: { branches: [ { p: { set: { x: 1 }, then: q } }, { q: { set: { x: 2 } } } ] } }", "/do/0/a/fork/branches/0/p/then", "run at once" },
        { "use: { functions: { f: { switch: [ { c: { when: .n, then: a } } ] } } }\ndo: [ { a: { call: f } } ]", "/use/functions/f/switch/0/c/then", "one task" },
        { "do:\n  - a: { call: http, with: { method: [get], endpoint: 'http://x' } }", "/do/0/a/with/method", "'method' is a text" },
        { "do:\n  - a: { call: http, with: { method: get, endpoint: 'http://x', headers: [ { accept: text/plain } ] } }", "/do/0/a/with/headers", "'headers' is an object" },
        { "do:\n  - a: { call: http, with: { method: get, endpoint: 'http://x', query: 'a=b' } }", "/do/0/a/with/query", "'query' is an object" },
        { "do:\n  - a: { try: [ { b: { set: { x: 1 } } } ], catch: { errors: { with: { status: '503' } } } }", "/do/0/a/catch/errors/with/status", "status: 503" },
        { "do:\n  - a: { listen: { to: { one: { with: { type: 5 } } } } }", "/do/0/a/listen/to/one/with/type", "Quote it" },
        { "do:\n  - a: { emit: { event: { with: { type: [x] } } } }", "/do/0/a/emit/event/with/type", "is a text" },
        { "do:\n  - a: { raise: { error: { type: { x: 1 }, status: 500 } } }", "/do/0/a/raise/error/type", "'type' is a text" },
        { "do:\n  - a: { run: { shell: { command: [ls, -l] } } }", "/do/0/a/run/shell/command", "'command' is a text" },
        { "use: { authentications: { m: { oauth2: { authority: 'http://x', grant: client_credentials, client: { idd: me } } } } }\ndo: [ { a: { set: { x: 1 } } } ]", "/use/authentications/m/oauth2/client/idd", "Did you mean 'id'?" },
        { "use: { authentications: { m: { oauth2: { authority: 'http://x', grant: [client_credentials] } } } }\ndo: [ { a: { set: { x: 1 } } } ]", "/use/authentications/m/oauth2/grant", "'grant' is a text" },
        { "use: { secrets: [ token ] }\ndo:\n  - a: { set: { x: '${ $secrets.tokn }' } }", "/do/0/a/set", "Did you mean 'token'?" },
        { "do:\n  - a: { if: '$secrets[\"token\"] != null', set: { x: 1 } }", "/do/0/a/if", "secrets: [token]" },
        { "do:\n  - a: { call: map, with: { in: .x, do: } }", "/do/0/a/with/do", "no value" },
        { "do:\n  - a: { switch: [ { big: { when: , then: end } } ] }", "/do/0/a/switch/0/big/when", "no value" },
        { "do:\n  - a: { run: { script: { language: js, code: } } }", "/do/0/a/run/script/code", "no value" },
        { "do:\n  - a: { set: { x: 1 }, then: }", "/do/0/a/then", "no value" },
        { "do:\n  - a: { try: [ { b: { set: { x: 1 } } } ], catch: { retry: { backoff: { linear: } } } }", "/do/0/a/catch/retry/backoff/linear", "no value" },
        { "input: { schema: { document: } }\ndo: [ { a: { set: { x: 1 } } } ]", "/input/schema/document", "no value" },
        { "schedule: { every: }\ndo: [ { a: { set: { x: 1 } } } ]", "/schedule/every", "no value" },
        { "use: { extensions: [ { e: { extend: , before: [ { b: { set: { x: 1 } } } ] } } ] }\ndo: [ { a: { set: { x: 1 } } } ]", "/use/extensions/0/e/extend", "no value" },
        { "use: { extensions: [ { e: { extend: set } }, { e: { extend: call } } ] }\ndo: [ { a: { set: { x: 1 } } } ]", "/use/extensions/1/e", "Two extensions" },
        { "do: []", "/do", "at least one task" },
    };

    [Theory]
    [MemberData(nameof(Typos))]
    public void A_mistake_is_refused_with_its_place_and_its_mend(string rest, string pointer, string hint)
    {
        var problems = Problems(Header + rest);
        Assert.Contains(problems, problem => problem.Pointer.StartsWith(pointer, StringComparison.Ordinal) && $"{problem.Rule} {problem.Mend}".Contains(hint, StringComparison.Ordinal));
        Assert.All(problems, problem => Assert.True(problem.Line > 0 && problem.Mend.Length > 0, problem.ToString()));
    }

    [Fact]
    public void All_mistakes_are_told_at_once_each_with_its_line()
    {
        var problems = Problems(Header + """
            do:
              - first:
                  set: { x: '${ . | }' }
              - second:
                  wait: { sconds: 1 }
              - third:
                  thenn: end
                  set: { y: 1 }
            """);
        Assert.Equal([4, 6, 8], problems.Select(problem => problem.Line).Order());
    }

    [Fact]
    public void A_text_that_is_no_YAML_is_refused_with_the_line_where_reading_ended() =>
        Assert.InRange(Assert.Single(Problems(Header + "do:\n  - a:\n\tset: { x: 1 }\n  - b: { set: { x: 2 } }\n")).Line, 3, 4);

    [Theory]
    [InlineData("${ .a")]
    [InlineData("Dear ${ .name | ascii_upcase( }, hello")]
    [InlineData("${ { a: 1 }")]
    [InlineData("${ \"}")]
    public void An_expression_that_is_not_closed_is_refused(string text)
    {
        var problem = Assert.Single(Problems($"{Header}do: [ {{ a: {{ set: {{ x: '{text}' }} }} }} ]"));
        Assert.Equal("/do/0/a/set", problem.Pointer);
        Assert.Contains("is not closed", problem.Rule, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("document: { dsl: '1.0.3', namespace: t, name: n, version: 1.0 }", "/document/version", "Quote it")]
    [InlineData("document: { dsl: '0.8.0', namespace: t, name: n, version: '1.0.0' }", "/document/dsl", "0.8.0")]
    [InlineData("document: { dsl: '1.0.3', namespace: 'under_score', name: n, version: '1.0.0' }", "/document/namespace", "hyphens")]
    [InlineData("document: { dsl: '1.0.3', namespace: t, name: n, version: '1.0' }", "/document/version", "semantic version")]
    [InlineData("document: { dsl: '1.0.3', namespace: t, name: n }", "/document", "needs 'version'")]
    public void A_header_is_checked(string header, string pointer, string hint)
    {
        var problems = Problems($"{header}\ndo: [ {{ a: {{ set: {{ x: 1 }} }} }} ]");
        Assert.Contains(problems, problem => problem.Pointer == pointer && problem.ToString().Contains(hint, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("a: [1, 2", "not YAML")]
    [InlineData("a: 1\na: 2", "stands twice")]
    [InlineData("a: *x", "no anchor")]
    [InlineData("? [a]\n: b", "plain text")]
    [InlineData("a: .nan", "not a JSON number")]
    [InlineData("--- {}\n--- {}", "more than one document")]
    public void What_is_no_document_is_refused(string text, string hint) =>
        Assert.Contains(Problems(text), problem => problem.ToString().Contains(hint, StringComparison.Ordinal));

    [Fact]
    public void A_document_that_grows_by_its_aliases_is_refused()
    {
        var laughs = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + string.Concat(Enumerable.Range(0, 8).Select(i => $"{(char)('b' + i)}: &{(char)('b' + i)} [{string.Join(',', Enumerable.Repeat($"*{(char)('a' + i)}", 10))}]\n"));
        Assert.Contains(Problems(laughs), problem => problem.Rule.Contains("at most", StringComparison.Ordinal));
    }

    [Fact]
    public void A_document_that_nests_without_end_is_refused()
    {
        Assert.Contains(Problems(new string('[', 5_000)), problem => problem.Rule.Contains("at most", StringComparison.Ordinal));
        var nested = string.Concat(Enumerable.Repeat("[{a: {do: ", 30)) + "[{a: {set: {x: 1}}}]" + string.Concat(Enumerable.Repeat("}}]", 30));
        Assert.Contains(Problems($"{Header}do: {nested}"), problem => problem.Rule.Contains("at most", StringComparison.Ordinal));
    }

    [Fact]
    public void A_function_s_arguments_are_checked_by_name()
    {
        var effects = new FakeEffects().With("greet", _ => default, new FunctionParameter("name", true, "Whom."), new FunctionParameter("tone", false, "How."));
        Assert.Contains(Problems($"{Header}do: [ {{ a: {{ call: greet, with: {{ tine: x }} }} }} ]", effects), problem => problem.Mend.Contains("'tone'", StringComparison.Ordinal));
        Assert.Contains(Problems($"{Header}do: [ {{ a: {{ call: greet }} }} ]", effects), problem => problem.Rule.Contains("needs 'name'", StringComparison.Ordinal));
        WorkflowDefinition.Parse($"{Header}do: [ {{ a: {{ call: greet, with: {{ name: x }} }} }} ]", effects);
    }

    [Theory]
    [InlineData("{}", "", "sets no limit")]
    [InlineData("{ limit: 0 }", "/limit", "from 1 to")]
    [InlineData("{ key: '${ .a }' }", "", "stand together")]
    [InlineData("{ limit_per_key: 2 }", "", "stand together")]
    [InlineData("{ key: customer, limit_per_key: 1 }", "/key", "the same for every run")]
    [InlineData("{ key: '${ $context.a }', limit_per_key: 1 }", "/key", "not jq")]
    [InlineData("{ limit: 1, per: x }", "/per", "'per'")]
    public void A_limit_of_runs_says_how_many_and_of_what(string concurrency, string below, string said) =>
        Assert.Contains(Problems($"document: {{ dsl: 1.0.3, namespace: t, name: n, version: 1.0.0, metadata: {{ baton: {{ concurrency: {concurrency} }} }} }}\ndo: [ {{ a: {{ set: {{ x: 1 }} }} }} ]"),
            problem => problem.Pointer == $"/document/metadata/baton/concurrency{below}" && $"{problem.Rule} {problem.Mend}".Contains(said, StringComparison.Ordinal));
}
