using System.Net;
using System.Net.Mail;

namespace Baton.Server.Notifications;

/// <summary>Sends notifications by SMTP, over STARTTLS unless that is switched off.</summary>
internal static class Mail
{
    /// <exception cref="SmtpException">The mail server did not take it.</exception>
    public static async Task SendAsync(ChannelOptions channel, OutboxRow row, CancellationToken cancel)
    {
        using var client = new SmtpClient(channel.Host, channel.Port) { EnableSsl = channel.StartTls };
        if (channel.User is not null) client.Credentials = new NetworkCredential(channel.User, channel.ReadPassword());
        using var message = new MailMessage { From = new MailAddress(channel.From!), Subject = $"[baton] {row.Subject}", Body = row.Body };
        foreach (var to in channel.To) message.To.Add(to);
        message.Headers.Add("X-Baton-Id", row.Id);   // the same at every attempt, as the webhook's
        await client.SendMailAsync(message, cancel);
    }
}
