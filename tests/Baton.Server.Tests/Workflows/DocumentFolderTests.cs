using Baton.Engine.Dsl;
using Baton.Server.Storage;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Workflows;

/// <summary>Documents that a server registers by itself when it starts.</summary>
public class DocumentFolderTests
{
    private const string Greets = "document: { dsl: 1.0.3, namespace: test, name: greets, version: 1.0.0 }\ndo: [ { done: { set: { a: 1 } } } ]\n";

    [Fact]
    public async Task A_document_of_the_folder_is_there_when_the_server_listens_and_a_faulty_one_stops_the_start()
    {
        using var documents = new TemporaryFolder();
        documents.Write("greets.yaml", Greets);
        documents.Write("notes.txt", "not a document");
        await using (var server = await StartAsync(documents, null))
        {
            Assert.Equal("completed", (await server.EndAsync(await server.StartRunAsync("greets"))).State);
        }
        var faulty = documents.Write("faulty.yaml", Greets.Replace("set:", "sett:", StringComparison.Ordinal));
        var refused = await Assert.ThrowsAsync<StartupException>(() => StartAsync(documents, null));
        Assert.Contains(faulty, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_document_that_is_registered_to_the_letter_is_not_read_again()
    {
        using var home = new TemporaryFolder();
        using var documents = new TemporaryFolder();
        var (old, changed) = ("document: of an older Baton", Greets.Replace("a: 1", "a: 2", StringComparison.Ordinal));
        await using (var server = await StartAsync(documents, home))
        {
            await server.Get<Database>().WriteAsync(statements =>
                statements["INSERT INTO definitions (tenant_id, namespace, name, version, hash, document, created_at_ms) VALUES ('default', 'test', 'old', '1.0.0', $1, $2, 1)"].Bind(1, WorkflowDefinition.HashOf(old)).Bind(2, old).Execute());
        }
        documents.Write("old.yaml", old);
        documents.Write("greets.yaml", Greets);
        await using (var server = await StartAsync(documents, home)) await server.EndAsync(await server.StartRunAsync("greets"));
        documents.Write("greets.yaml", changed);
        await using var again = await StartAsync(documents, home);
        Assert.Equal("""{"a":2}""", (await again.EndAsync(await again.StartRunAsync("greets"))).Output!.Value.GetRawText());
    }

    private static Task<TestServer> StartAsync(TemporaryFolder documents, TemporaryFolder? home) =>
        TestServer.StartAsync(new TestServer.Settings { Folder = home, Values = new() { ["Workflows:DocumentsFolder"] = documents.Path } });
}

public sealed class DocumentFolderOnPostgres : DocumentFolderTests, IOnPostgres;
