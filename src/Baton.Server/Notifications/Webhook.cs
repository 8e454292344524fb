using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Baton.Server.Outbound;

namespace Baton.Server.Notifications;

/// <summary>Posts notifications as JSON, signed so that the receiver can tell who sent them and when.</summary>
internal sealed class Webhook(OutboundClient client, TimeProvider time)
{
    public const string SignatureHeader = "X-Baton-Signature", IdHeader = "X-Baton-Id";

    /// <exception cref="Engine.WorkflowException">Refused by the address policy, or not reachable.</exception>
    /// <exception cref="HttpRequestException">Answered with a status that is not a success.</exception>
    public async Task SendAsync(ChannelOptions channel, OutboxRow row, CancellationToken cancel)
    {
        var seconds = time.GetUtcNow().ToUnixTimeSeconds();
        var body = Encoding.UTF8.GetBytes(row.Body);
        var request = new OutboundRequest("POST", new Uri(channel.Url!), [new("Content-Type", "application/json"), new("User-Agent", "baton"), new(IdHeader, row.Id), new(SignatureHeader, Sign(channel.ReadSecret(), seconds, body))], body)
        {
            IsConfigured = true,
        };
        var response = await client.SendAsync(request, OutboundClient.ErrorBytes, "the outbox", cancel);
        if (response.Status is < 200 or > 299) throw new HttpRequestException($"it answered {response.Status}");
    }

    /// <summary><c>t=SECONDS,v1=HEX</c>: HMAC-SHA256 of the time, a dot and the body. A receiver refuses old times, so that nothing can be sent again by others.</summary>
    public static string Sign(string secret, long seconds, ReadOnlySpan<byte> body)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret));
        hmac.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{seconds}.")));
        hmac.AppendData(body);
        return string.Create(CultureInfo.InvariantCulture, $"t={seconds},v1={Convert.ToHexStringLower(hmac.GetHashAndReset())}");
    }
}
