using System.Buffers;
using System.Data.Common;
using Baton.Engine;
using Baton.Jq;
using Baton.Server.Http;
using Baton.Server.Identity;
using Microsoft.Extensions.Options;

namespace Baton.Server.Gateway;

/// <summary>
/// What callers of <c>/v1/responses</c> can go on from where their target keeps nothing itself. A virtual key sees what was made with it; the tenant's own credentials see all of the tenant's.
/// </summary>
internal sealed class KeptResponses(ResponseStore store, IOptions<GatewayOptions> options, TimeProvider time, ILogger<KeptResponses> log)
{
    /// <summary>An answer that is paid for waits no longer to be kept.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    private readonly ResponsesOptions settings = options.Value.Responses;

    /// <summary>Whether responses are kept at all.</summary>
    public bool AreOn => settings.KeepFor > TimeSpan.Zero;

    private DateTimeOffset Since => time.GetUtcNow() - settings.KeepFor;

    /// <summary>Keeps a response; durable, on every node, when the task completes.</summary>
    /// <returns>False when the database did not take it.</returns>
    public async Task<bool> TryKeepAsync(GatewayCall call, StoredResponse response)
    {
        try
        {
            await store.AddAsync(call.Origin.Tenant, KeyOf(call.Origin.Key), response, time.GetUtcNow()).AsTask().WaitAsync(Patience, time, CancellationToken.None);   // though the client may leave: it was told the id
            return true;
        }
        catch (Exception e) when (e is StorageUnavailableException or DbException or TimeoutException)
        {
            log.ResponseNotKept(call.Id, e.Message);
            return false;
        }
    }

    /// <summary>Puts items of responses that are kept here where a request names them by their ids.</summary>
    /// <returns>Nothing where it names none that were made here: they may be at a provider.</returns>
    public async Task<(ReadOnlyMemory<byte>? Whole, GatewayError? Problem)> PutItemsAsync(GatewayCall call, ReadOnlyMemory<byte> request)
    {
        if (!AreOn || !ItemReferences.MayBeIn(request.Span)) return default;
        try
        {
            var body = JqValue.Parse(request.Span);
            string[] wanted = [.. ItemReferences.In(body).Where(id => ItemReferences.ResponseOf(id) is { } response && IsOurs(response)).Distinct(StringComparer.Ordinal)];
            string[] holders = [.. wanted.Select(id => ItemReferences.ResponseOf(id)!).Distinct(StringComparer.Ordinal)];
            if (wanted.Length == 0) return default;
            if (holders.Length > settings.MaxTurns) return (null, GatewayError.Invalid($"'input' names items of {holders.Length:N0} responses; at most {settings.MaxTurns:N0} are read for one request (Gateway:Responses:MaxTurns). Send what matters of them themselves.", "input", "conversation_too_long"));
            var turns = await store.FindAsync(call.Origin.Tenant, KeyOf(call.Origin.Key), holders, Since, settings.MaxConversationBytes, call.Cancel);
            if (turns is null) return (null, GatewayError.Invalid($"The responses whose items 'input' names have more than {settings.MaxConversationBytes:N0} bytes (Gateway:Responses:MaxConversationBytes). Send what matters of them themselves.", "input", "conversation_too_long"));
            // Of its own response only: a caller may have given its items any ids.
            var items = turns.SelectMany(turn => Items([turn]).Where(item => item["id"].TryGetString(out var id) && ItemReferences.ResponseOf(id) == turn.Id)).DistinctBy(item => item["id"]).ToDictionary(item => item["id"].AsString(), StringComparer.Ordinal);
            if (Array.Find(wanted, id => !items.ContainsKey(id)) is { } missing) return (null, GatewayError.Invalid($"Item with id '{Clip(missing)}' not found.", "input", "item_not_found"));
            return (ItemReferences.Put(body, items).ToUtf8Bytes(), null);
        }
        catch (JqParseException)
        {
            return default;   // whoever translates it says what is wrong
        }
        catch (StorageUnavailableException e)
        {
            return (null, Unavailable(e));
        }
    }

    /// <summary>Looks for what a request goes on from, before anything of it is read.</summary>
    /// <param name="id">As the request says it; null for nothing.</param>
    /// <returns>Nothing where it is not kept here: it may be at a provider.</returns>
    public async ValueTask<(ConversationSize? Found, GatewayError? Problem)> FindAsync(GatewayCall call, string? id)
    {
        if (id is null || !AreOn || !IsOurs(id)) return default;
        try
        {
            if (await store.SizeAsync(call.Origin.Tenant, KeyOf(call.Origin.Key), id, Since, call.Cancel) is not { } found) return default;
            return found.Turns < settings.MaxTurns && found.TotalBytes <= settings.MaxConversationBytes ? (found, null) : (null, TooLong(id, found));
        }
        catch (StorageUnavailableException e)
        {
            return (null, Unavailable(e));
        }
    }

    /// <summary>All turns up to a response that was found.</summary>
    public async Task<(EarlierTurns? Earlier, GatewayError? Problem)> ReadAsync(GatewayCall call, string id)
    {
        try
        {
            var turns = await store.TurnsAsync(call.Origin.Tenant, id, settings.MaxTurns, call.Cancel);
            if (turns.Count == 0 || turns[0].PreviousId is not null) return (null, NotFound(id));   // a turn was removed: the rest would be another conversation
            return (new EarlierTurns(Items(turns), turns[0].Input), null);
        }
        catch (StorageUnavailableException e)
        {
            return (null, Unavailable(e));
        }
    }

    /// <exception cref="StorageUnavailableException">The database does not answer.</exception>
    public Task<StoredResponse?> GetAsync(Caller caller, string id, CancellationToken cancel) => store.GetAsync(caller.Tenant, KeyOf(caller.Key), id, Since, cancel);

    /// <summary>All that a response was made of: the turns before it, and its own input.</summary>
    /// <returns>Null where there is no such response.</returns>
    /// <exception cref="StorageUnavailableException">The database does not answer.</exception>
    public async Task<JqArray?> InputAsync(Caller caller, string id, CancellationToken cancel)
    {
        if (await store.SizeAsync(caller.Tenant, KeyOf(caller.Key), id, Since, cancel) is null) return null;
        var turns = await store.TurnsAsync(caller.Tenant, id, settings.MaxTurns, cancel);
        return turns.Count == 0 ? null : Items([.. turns[..^1], turns[^1] with { Output = "[]"u8.ToArray() }]);
    }

    /// <returns>False where there is no such response.</returns>
    /// <exception cref="StorageUnavailableException">The database does not answer.</exception>
    public ValueTask<bool> RemoveAsync(Caller caller, string id) => store.RemoveAsync(caller.Tenant, KeyOf(caller.Key), id);

    /// <summary>The same words whether it is somebody else's or nobody's: in OpenAI's shape.</summary>
    public static GatewayError NotFound(string id) => GatewayError.Invalid($"Previous response with id '{Clip(id)}' not found.", "previous_response_id", "previous_response_not_found");

    public static GatewayError Unavailable(StorageUnavailableException e) => new(503, "overloaded_error", "storage_unavailable", $"Stored responses cannot be reached now: {e.Message}") { RetryAfter = Patience };

    public static string Clip(string id) => id.Clip(80);

    private GatewayError TooLong(string id, ConversationSize found) => GatewayError.Invalid(
        $"The conversation up to '{id}' has {found.Turns:N0} turns and {found.TotalBytes:N0} bytes. Fewer than {settings.MaxTurns:N0} turns and at most {settings.MaxConversationBytes:N0} bytes can be gone on from (Gateway:Responses:MaxTurns, MaxConversationBytes): send what matters of it as 'input'.",
        "previous_response_id", "conversation_too_long");

    private static JqArray Items(IEnumerable<StoredResponse> turns)
    {
        var items = new JqArray.Builder();
        foreach (var turn in turns)
        {
            items.AddRange(JqValue.Parse(turn.Input.Span).AsArray().AsSpan());
            items.AddRange(JqValue.Parse(turn.Output.Span).AsArray().AsSpan());
        }
        return items.ToArray();
    }

    /// <summary>Whether an id looks like one that was made here, of a UUIDv7: those of most providers are not worth a look into the database.</summary>
    private static bool IsOurs(string id) => id.Length == 37 && id.StartsWith("resp_", StringComparison.Ordinal) && id[17] == '7' && !id.AsSpan(5).ContainsAnyExcept(HexDigits);

    private static string KeyOf(VirtualKey? key) => key?.Id ?? "";
}
