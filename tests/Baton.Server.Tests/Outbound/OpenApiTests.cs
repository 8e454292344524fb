using System.Text;
using Baton.Engine;
using Baton.Engine.Dsl;
using Baton.Jq;
using Baton.Server.Outbound;
using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Baton.Server.Tests.Outbound;

public sealed class OpenApiTests
{
    private const string Swagger = """
        {
          "swagger": "2.0", "host": "petstore.test", "basePath": "/v2", "schemes": ["https", "http"],
          "securityDefinitions": { "key": { "type": "apiKey", "name": "api_key", "in": "header" } },
          "paths": {
            "/pet/findByStatus": { "get": { "operationId": "findPetsByStatus", "produces": ["application/xml", "application/json"],
              "parameters": [{ "name": "status", "in": "query", "required": true, "type": "array", "items": { "type": "string" }, "collectionFormat": "multi" }] } },
            "/pet/findByTags": { "get": { "operationId": "findPetsByTags", "parameters": [
              { "name": "csv", "in": "query", "type": "array" }, { "name": "ssv", "in": "query", "type": "array", "collectionFormat": "ssv" },
              { "name": "tsv", "in": "query", "type": "array", "collectionFormat": "tsv" }, { "name": "pipes", "in": "query", "type": "array", "collectionFormat": "pipes" }] } },
            "/pet/{petId}": {
              "parameters": [{ "$ref": "#/parameters/PetId" }],
              "get": { "operationId": "getPetById", "security": [{ "key": [] }] },
              "post": { "operationId": "updatePetWithForm", "consumes": ["application/x-www-form-urlencoded"], "parameters": [
                { "name": "name", "in": "formData", "type": "string" }, { "name": "tags", "in": "formData", "type": "array" }, { "name": "more", "in": "formData", "type": "array", "collectionFormat": "multi" }] },
              "delete": { "operationId": "deletePet", "produces": ["application/xml"], "parameters": [{ "name": "X-Reason", "in": "header", "type": "string" }] } },
            "/pet/{petId}/uploadImage": { "post": { "operationId": "uploadFile", "consumes": ["multipart/form-data"], "parameters": [
              { "$ref": "#/parameters/PetId" }, { "name": "note", "in": "formData", "type": "string" }, { "name": "file", "in": "formData", "type": "file", "required": true }] } },
            "/pet": { "post": { "operationId": "addPet", "consumes": ["application/xml", "application/json"], "parameters": [
              { "name": "pet", "in": "body", "required": true, "schema": { "$ref": "#/definitions/Pet" } }] } },
            "/elsewhere": { "$ref": "other.json#/paths/x" },
            "/loop": { "get": { "operationId": "loop", "parameters": [{ "$ref": "#/parameters/Loop" }] } },
            "/lost": { "get": { "operationId": "lost", "parameters": [{ "$ref": "#/parameters/Nowhere" }] } },
            "/out": { "get": { "operationId": "out", "parameters": [{ "$ref": "common.json#/p" }] } },
            "/bad/{name}": { "get": { "operationId": "bad" } }
          },
          "parameters": { "PetId": { "name": "petId", "in": "path", "required": true, "type": "integer" }, "Loop": { "$ref": "#/parameters/Loop" } },
          "definitions": { "Pet": { "type": "object" } }
        }
        """;

    private const string Modern = """
        openapi: 3.1.0
        servers:
          - url: '{base}/v1'
            variables: { base: { default: /api, enum: [/api] } }
        components:
          parameters:
            Filter: { name: filter, in: query, style: deepObject, schema: { type: object } }
          securitySchemes:
            q: { type: apiKey, in: query, name: token }
          schemas:
            Base: { type: object, properties: { id: { type: integer } } }
            Issue: { allOf: [ { $ref: '#/components/schemas/Base' }, { properties: { title: {}, body: {}, labels: { type: array } } } ] }
        security: [ { q: [] } ]
        paths:
          /things/{id}/{list}/{label}/{matrix}:
            get:
              operationId: paths
              parameters:
                - { name: id, in: path }
                - { name: list, in: path, explode: false }
                - { name: label, in: path, style: label, explode: true }
                - { name: matrix, in: path, style: matrix, explode: true }
          /query:
            get:
              operationId: query
              parameters:
                - { $ref: '#/components/parameters/Filter' }
                - { name: each, in: query }
                - { name: joined, in: query, explode: false }
                - { name: spaced, in: query, style: spaceDelimited, explode: false }
                - { name: piped, in: query, style: pipeDelimited, explode: false }
                - { name: object, in: query }
                - { name: flat, in: query, explode: false }
                - { name: open, in: query, allowReserved: true }
                - { name: json, in: query, content: { application/json: {} } }
                - { name: X-List, in: header }
                - { name: c1, in: cookie }
                - { name: c2, in: cookie, explode: false }
          /issues:
            post:
              operationId: createIssue
              requestBody: { required: true, content: { application/json: { schema: { $ref: '#/components/schemas/Issue' } } } }
              responses: { '201': { content: { application/vnd.github+json: {} } } }
          /any:
            put:
              operationId: putAny
              servers: [ { url: 'http://elsewhere.test:8080/root/' } ]
              requestBody: { content: { '*/*': {} } }
          /text:
            put:
              operationId: putText
              requestBody: { content: { 'text/plain; charset=utf-8': {} } }
          /form:
            post:
              operationId: postForm
              requestBody:
                content:
                  application/x-www-form-urlencoded:
                    schema: { properties: { a: {}, b: {}, c: {} } }
                    encoding: { b: { explode: false } }
          /upload:
            post:
              operationId: upload
              requestBody:
                content:
                  multipart/form-data:
                    schema: { properties: { file: { type: string, format: binary }, meta: { type: object }, note: {} } }
                    encoding: { file: { contentType: image/png } }
        """;

    private static OutboundRequest Build(string document, string operation, params (string Name, JqValue Value)[] parameters)
    {
        var read = OpenApiDocument.Read(new Resource(new Uri("https://docs.test/specs/api.yaml"), null, document, null));
        return OpenApiCalls.Build(read.Find(operation), OutboundWorld.Values(parameters), OutboundWorld.Step());
    }

    private static string Body(OutboundRequest request) => Encoding.UTF8.GetString(request.Body!.Value.Span);

    private static string? Header(OutboundRequest request, string name) => request.Headers.FirstOrDefault(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    private static WorkflowException Fail(string document, string operation, params (string Name, JqValue Value)[] parameters) =>
        Assert.Throws<WorkflowException>(() => Build(document, operation, parameters));

    [Fact]
    public void Arrays_go_into_a_query_of_swagger_as_their_collection_format_says()
    {
        Assert.Equal("https://petstore.test/v2/pet/findByStatus?status=available&status=sold%20out", Build(Swagger, "findPetsByStatus", ("status", JqValue.Array("available", "sold out"))).Uri.AbsoluteUri);
        Assert.Equal("https://petstore.test/v2/pet/findByStatus?status=available", Build(Swagger, "findPetsByStatus", ("status", "available")).Uri.AbsoluteUri);
        var two = JqValue.Array("a,b", 2);
        Assert.Equal(
            "https://petstore.test/v2/pet/findByTags?csv=a%2Cb,2&ssv=a%2Cb%202&tsv=a%2Cb%092&pipes=a%2Cb%7C2",
            Build(Swagger, "findPetsByTags", ("csv", two), ("ssv", two), ("tsv", two), ("pipes", two)).Uri.AbsoluteUri);
    }

    [Fact]
    public void Path_header_and_key_parameters_find_their_places()
    {
        var get = Build(Swagger, "getPetById", ("petId", 7), ("api_key", "s3cret"));
        Assert.Equal(("GET", "https://petstore.test/v2/pet/7", "s3cret"), (get.Method, get.Uri.AbsoluteUri, Header(get, "api_key")));
        var delete = Build(Swagger, "deletePet", ("petId", "a/b?c"), ("X-Reason", "gone"));
        Assert.Equal(("DELETE", "https://petstore.test/v2/pet/a%2Fb%3Fc", "gone"), (delete.Method, delete.Uri.AbsoluteUri, Header(delete, "X-Reason")));
        Assert.Equal("application/xml, */*;q=0.1", Header(delete, "Accept"));
        Assert.StartsWith("run_", Header(delete, "Idempotency-Key"), StringComparison.Ordinal);
    }

    [Fact]
    public void Bodies_of_swagger_are_json_forms_or_parts()
    {
        var add = Build(Swagger, "addPet", ("pet", JqValue.Object(("name", "Rex"))));
        Assert.Equal(("application/json", """{"name":"Rex"}"""), (Header(add, "Content-Type"), Body(add)));
        var form = Build(Swagger, "updatePetWithForm", ("petId", 1), ("name", "R & x"), ("tags", JqValue.Array("a", "b")), ("more", JqValue.Array("c", "d")));
        Assert.Equal(("application/x-www-form-urlencoded", "name=R+%26+x&tags=a%2Cb&more=c&more=d"), (Header(form, "Content-Type"), Body(form)));
        var upload = Build(Swagger, "uploadFile", ("petId", 1), ("file", "content"), ("note", "n"));
        Assert.StartsWith("multipart/form-data; boundary=", Header(upload, "Content-Type"), StringComparison.Ordinal);
        Assert.Contains("name=\"note\"\r\n\r\nn\r\n", Body(upload), StringComparison.Ordinal);
        Assert.Contains("name=\"file\"; filename=\"file\"\r\nContent-Type: application/octet-stream\r\n\r\ncontent\r\n", Body(upload), StringComparison.Ordinal);
    }

    [Fact]
    public void The_styles_of_a_path_follow_the_standard()
    {
        var request = Build(Modern, "paths", ("id", "ü/1"), ("list", JqValue.Array("a", "b,c")), ("label", JqValue.Array(1, 2)), ("matrix", JqValue.Object(("R", 100), ("G", 200))));
        Assert.Equal("https://docs.test/api/v1/things/%C3%BC%2F1/a,b%2Cc/.1.2/;R=100;G=200", request.Uri.AbsoluteUri);
        request = Build(Modern, "paths", ("id", JqValue.Array(1, 2)), ("list", JqValue.Object(("k", "v"))), ("label", "x"), ("matrix", JqValue.Array("p", "q")));
        Assert.Equal("https://docs.test/api/v1/things/1,2/k,v/.x/;matrix=p;matrix=q", request.Uri.AbsoluteUri);
    }

    [Fact]
    public void The_styles_of_queries_headers_and_cookies_follow_the_standard()
    {
        var list = JqValue.Array("a b", "c,d");
        var request = Build(Modern, "query",
            ("filter", JqValue.Object(("name", "x&y"), ("tags", JqValue.Array(1, 2)), ("none", JqValue.Null))),
            ("each", list), ("joined", list), ("spaced", list), ("piped", list), ("object", JqValue.Object(("k", "v"), ("l", true))), ("flat", JqValue.Object(("k", "v"), ("l", 1))),
            ("open", "a/b?c=d&e#f+ü"), ("json", JqValue.Object(("q", 1))), ("X-List", JqValue.Array("x", "y")), ("c1", "1;2"), ("c2", JqValue.Array(3, 4)), ("token", "t0p"));
        Assert.Equal(
            "?filter[name]=x%26y&filter[tags]=1&filter[tags]=2&each=a%20b&each=c%2Cd&joined=a%20b,c%2Cd&spaced=a%20b%20c%2Cd&piped=a%20b%7Cc%2Cd&k=v&l=true&flat=k,v,l,1"
            + "&open=a/b?c%3Dd%26e%23f%2B%C3%BC&json=%7B%22q%22%3A1%7D&token=t0p",
            request.Uri.Query);
        Assert.Equal("x,y", Header(request, "X-List"));
        Assert.Equal("c1=1%3B2; c2=3%2C4", Header(request, "Cookie"));
    }

    [Fact]
    public void A_body_is_given_whole_or_by_its_properties()
    {
        var byProperty = Build(Modern, "createIssue", ("title", "t"), ("body", "b"), ("id", 3), ("labels", JqValue.Array("l")), ("token", JqValue.Null));
        Assert.Equal(JqValue.Parse("""{"id":3,"title":"t","body":"b","labels":["l"]}"""), JqValue.Parse(Body(byProperty)));
        Assert.Equal("application/vnd.github+json, */*;q=0.1", Header(byProperty, "Accept"));
        Assert.Equal("""{"x":1}""", Body(Build(Modern, "createIssue", ("requestBody", JqValue.Object(("x", 1))))));   // 'body' is a property here
        var any = Build(Modern, "putAny", ("body", JqValue.Array(1)));
        Assert.Equal(("http://elsewhere.test:8080/root/any", "application/json", "[1]"), (any.Uri.AbsoluteUri, Header(any, "Content-Type"), Body(any)));
        var text = Build(Modern, "putText", ("body", "plain"));
        Assert.Equal(("text/plain; charset=utf-8", "plain"), (Header(text, "Content-Type"), Body(text)));
        Assert.Null(Build(Modern, "putText").Body);
    }

    [Fact]
    public void Forms_and_parts_are_encoded_field_by_field()
    {
        var form = Build(Modern, "postForm", ("a", JqValue.Array(1, 2)), ("b", JqValue.Array(1, 2)), ("c", JqValue.Object(("x", 1))));
        Assert.Equal("a=1&a=2&b=1%2C2&c=%7B%22x%22%3A1%7D", Body(form));
        var upload = Body(Build(Modern, "upload", ("file", "PNG"), ("meta", JqValue.Object(("x", 1))), ("note", "n")));
        Assert.Contains("name=\"file\"; filename=\"file\"\r\nContent-Type: image/png\r\n\r\nPNG\r\n", upload, StringComparison.Ordinal);
        Assert.Contains("name=\"meta\"\r\nContent-Type: application/json\r\n\r\n{\"x\":1}\r\n", upload, StringComparison.Ordinal);
        Assert.Contains("name=\"note\"\r\n\r\nn\r\n", upload, StringComparison.Ordinal);
        Assert.Equal(upload, Body(Build(Modern, "upload", ("body", JqValue.Object(("file", "PNG"), ("meta", JqValue.Object(("x", 1))), ("note", "n"))))));
    }

    [Theory]
    [InlineData("getPetByID", "'getPetById'")]
    [InlineData("findPets", "'findPetsByTags'")]
    [InlineData("", "'")]
    public void An_unknown_operation_is_answered_with_the_nearest(string operation, string near)
    {
        var e = Fail(Swagger, operation);
        Assert.Equal(ErrorTypes.Validation, e.Error.Type);
        Assert.Contains(near, e.Error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Unknown_and_missing_parameters_are_named_with_what_is_known()
    {
        Assert.Contains("has no parameter 'petID'; it takes 'petId', 'api_key'", Fail(Swagger, "getPetById", ("petID", 1)).Error.Detail, StringComparison.Ordinal);
        Assert.Contains("needs 'petId' (path)", Fail(Swagger, "getPetById").Error.Detail, StringComparison.Ordinal);
        Assert.Contains("needs 'petId' (path)", Fail(Swagger, "getPetById", ("petId", JqValue.Null)).Error.Detail, StringComparison.Ordinal);
        Assert.Contains("needs 'petId' (path) and 'file' (formData)", Fail(Swagger, "uploadFile").Error.Detail, StringComparison.Ordinal);
        Assert.Contains("needs a body: give 'pet'", Fail(Swagger, "addPet").Error.Detail, StringComparison.Ordinal);
        Assert.Contains("give 'requestBody' or its properties ('title', ", Fail(Modern, "createIssue").Error.Detail!.Replace("'id', ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("it takes none", Fail(Swagger.Replace("\"api_key\"", "\"k\"", StringComparison.Ordinal), "bad", ("name", 1)).Error.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("")]
    public void A_path_parameter_cannot_walk_out_of_its_path(string value) =>
        Assert.Contains("stands in the path", Fail(Swagger, "getPetById", ("petId", value)).Error.Detail, StringComparison.Ordinal);

    [Theory]
    [InlineData("loop", "in circles")]
    [InlineData("lost", "'#/parameters/Nowhere'")]
    [InlineData("out", "'common.json#/p': only references inside")]
    [InlineData("bad", "does not describe")]
    public void A_document_that_contradicts_itself_is_a_bad_answer(string operation, string reason) =>
        Assert.Contains(reason, Fail(Swagger, operation).Error.Detail, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"swagger":"1.2"}""")]
    [InlineData("""{"openapi":"4.0"}""")]
    [InlineData("""{"a":1}""")]
    [InlineData("[]")]
    [InlineData("just text")]
    public void What_is_no_openapi_document_is_said_to_be_none(string document) =>
        Assert.Contains("is not an OpenAPI document", Fail(document, "x").Error.Detail, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"swagger":"2.0","paths":{"/x":{"get":{"operationId":"x"}}}}""", "https://docs.test/x")]
    [InlineData("""{"swagger":"2.0","schemes":["http"],"basePath":"v1/","paths":{"/x":{"get":{"operationId":"x"}}}}""", "http://docs.test/v1/x")]
    [InlineData("""{"swagger":"2.0","host":"h:8","schemes":["ws","http"],"paths":{"/x":{"get":{"operationId":"x","schemes":["http"]}}}}""", "http://h:8/x")]
    [InlineData("""{"openapi":"3.0.3","paths":{"/x":{"get":{"operationId":"x"}}}}""", "https://docs.test/x")]
    [InlineData("""{"openapi":"3.0.3","servers":[{"url":"../v9"}],"paths":{"/x":{"get":{"operationId":"x"}}}}""", "https://docs.test/v9/x")]
    [InlineData("""{"openapi":"3.0.3","servers":[{"url":"http://a"}],"paths":{"/x":{"servers":[{"url":"http://b/"}],"get":{"operationId":"x"}}}}""", "http://b/x")]
    [InlineData("openapi: 3.0\nservers: [{url: 'http://{h}.test:{p}', variables: {h: {default: a}, p: {default: 80}}}]\npaths: {/x: {get: {operationId: x}}}", "http://a.test/x")]
    public void The_server_is_found_relative_to_the_document(string document, string uri) => Assert.Equal(uri, Build(document, "x").Uri.AbsoluteUri);

    [Fact]
    public void A_document_without_a_server_that_can_be_called_is_a_bad_answer() =>
        Assert.Contains("does not say at which", Fail("""{"openapi":"3.0.3","servers":[{"url":"ftp://x"}],"paths":{"/x":{"get":{"operationId":"x"}}}}""", "x").Error.Detail, StringComparison.Ordinal);

    [Fact]
    public async Task A_document_is_asked_for_again_only_after_its_time_and_only_whether_it_has_changed()
    {
        var asked = new List<string>();
        var version = 1;
        await using var server = await WebServer.StartAsync(async http =>
        {
            if (http.Request.Path == "/v2/pet/7")
            {
                http.Response.ContentType = "application/json";
                await http.Response.WriteAsync("""{"id":7}""");
                return;
            }
            asked.Add(http.Request.Headers.IfNoneMatch.ToString());
            http.Response.Headers.ETag = $"\"{version}\"";
            if (http.Request.Headers.IfNoneMatch == $"\"{version}\"") http.Response.StatusCode = 304;
            else await http.Response.WriteAsync(Swagger);
        });
        var time = new ManualTime();
        using var world = new OutboundWorld(options => options.HostMap["petstore.test"] = server.Address.AbsoluteUri.TrimEnd('/'), time, allowPrivate: false);
        var call = new EffectRequest.OpenApi(
            new ResourceReference(new Uri("https://petstore.test/v2/swagger.json"), null), "getPetById", OutboundWorld.Values(("petId", 7)), HttpOutput.Content, false, null);
        async Task CallAsync() => Assert.Equal(7, (await world.OpenApi.PerformAsync(call, OutboundWorld.Step()))["id"].AsDouble());

        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => CallAsync()));
        Assert.Equal("", string.Join('|', asked));
        time.Advance(TimeSpan.FromMinutes(1));
        await CallAsync();
        await CallAsync();
        Assert.Equal("|\"1\"", string.Join('|', asked));
        version = 2;
        time.Advance(TimeSpan.FromMinutes(1));
        await CallAsync();
        Assert.Equal("|\"1\"|\"1\"", string.Join('|', asked));
    }

    [Fact]
    public async Task A_document_that_one_credential_opened_is_not_shown_to_another()
    {
        await using var server = await WebServer.StartAsync(async http =>
        {
            if (http.Request.Headers.Authorization == "Bearer good") await http.Response.WriteAsync(Swagger);
            else http.Response.StatusCode = 401;
        });
        using var world = new OutboundWorld();
        var call = new EffectRequest.OpenApi(new ResourceReference(server.Address, new Authentication.Bearer("good")), "none", [], HttpOutput.Content, false, null);
        Assert.Equal(400, (await Assert.ThrowsAsync<WorkflowException>(() => world.OpenApi.PerformAsync(call, OutboundWorld.Step()))).Error.Status);
        var other = call with { Document = call.Document with { Authentication = new Authentication.Bearer("other") } };
        Assert.Equal(401, (await Assert.ThrowsAsync<WorkflowException>(() => world.OpenApi.PerformAsync(other, OutboundWorld.Step()))).Error.Status);
        Assert.Equal(401, (await Assert.ThrowsAsync<WorkflowException>(() => world.OpenApi.PerformAsync(call with { Document = new(server.Address, null) }, OutboundWorld.Step()))).Error.Status);
    }

    [Fact]
    public async Task A_call_gives_the_response_with_request_and_headers_when_asked()
    {
        await using var server = await WebServer.StartAsync(async http =>
        {
            http.Response.ContentType = "application/json";
            var target = http.Features.Get<IHttpRequestFeature>()!.RawTarget;
            await http.Response.WriteAsync(target == "/api.yaml" ? Modern : JqValue.Object(("target", target), ("accept", http.Request.Headers.Accept.ToString())).ToJson());
        });
        using var world = new OutboundWorld();
        var call = new EffectRequest.OpenApi(new ResourceReference(server["/api.yaml"], null), "query", OutboundWorld.Values(("each", 1), ("token", "s3cret")), HttpOutput.Response, false, null);
        await Assert.ThrowsAsync<WorkflowException>(() => world.OpenApi.PerformAsync(call, OutboundWorld.Step()));   // announced as JSON, but YAML
        await using var yaml = await WebServer.StartAsync(async http =>
        {
            http.Response.ContentType = http.Request.Path == "/api.yaml" ? "application/yaml" : "application/json";
            await http.Response.WriteAsync(http.Request.Path == "/api.yaml" ? Modern : "{}");
        });
        var answer = await world.OpenApi.PerformAsync(call with { Document = new ResourceReference(yaml["/api.yaml"], null) }, OutboundWorld.Step());
        Assert.Equal(new Uri(yaml.Address, "/api/v1/query?each=1&token=***").AbsoluteUri, answer["request"]["uri"].AsString());
        Assert.Equal(200, answer["statusCode"].AsDouble());
    }
}
