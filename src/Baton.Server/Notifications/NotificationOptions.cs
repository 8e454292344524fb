using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Baton.Server.Notifications;

/// <summary>Who is told when a run fails by an error policy, and when a person is asked.</summary>
internal sealed class NotificationOptions
{
    public const string Section = "Notifications";

    /// <summary>Channels by name. Default: none, and then everything goes to the log.</summary>
    public Dictionary<string, ChannelOptions> Channels { get; set; } = new(StringComparer.Ordinal);

    /// <summary>Channels that are told where nothing else is said. Default: all.</summary>
    public List<string> Default { get; set; } = [];

    /// <summary>Attempts at a delivery before it is given up, 1 to 50. Default 10.</summary>
    [Range(1, 50)]
    public int MaxAttempts { get; set; } = 10;

    /// <summary>The pause after the first failed attempt; it doubles with each, up to an hour. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "01:00:00")]
    public TimeSpan FirstDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest duration of one attempt. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);
}

internal enum ChannelKind
{
    Log,
    Webhook,
    Smtp,
}

/// <summary>One way to tell somebody.</summary>
internal sealed class ChannelOptions
{
    /// <summary>log, webhook or smtp.</summary>
    public ChannelKind Kind { get; set; }

    /// <summary>Webhook: where to post to, https or http.</summary>
    public string? Url { get; set; }

    /// <summary>Webhook: the key of the signature.</summary>
    public string? Secret { get; set; }

    /// <summary>Webhook: a file with the key instead.</summary>
    public string? SecretFile { get; set; }

    /// <summary>SMTP: the server's name.</summary>
    public string? Host { get; set; }

    /// <summary>SMTP: the server's port. Default 587.</summary>
    public int Port { get; set; } = 587;

    /// <summary>SMTP: whether the connection must be encrypted (STARTTLS). Default true.</summary>
    public bool StartTls { get; set; } = true;

    /// <summary>SMTP: who logs in; null for nobody.</summary>
    public string? User { get; set; }

    /// <summary>SMTP: the user's password.</summary>
    public string? Password { get; set; }

    /// <summary>SMTP: a file with the password instead.</summary>
    public string? PasswordFile { get; set; }

    /// <summary>SMTP: the sender's address.</summary>
    public string? From { get; set; }

    /// <summary>SMTP: the receivers' addresses.</summary>
    public List<string> To { get; set; } = [];

    /// <summary>Read at each use: a file that was changed counts at once.</summary>
    public string ReadSecret() => SecretFile is null ? Secret ?? "" : File.ReadAllText(SecretFile).Trim();

    /// <inheritdoc cref="ReadSecret"/>
    public string ReadPassword() => PasswordFile is null ? Password ?? "" : File.ReadAllText(PasswordFile).Trim();
}

[OptionsValidator]
internal sealed partial class NotificationOptionsValidator : IValidateOptions<NotificationOptions>;

/// <summary>The rules that an attribute cannot state.</summary>
internal sealed class NotificationOptionsRules : IValidateOptions<NotificationOptions>
{
    public ValidateOptionsResult Validate(string? name, NotificationOptions options)
    {
        var faults = options.Channels.SelectMany(channel => Faults($"Notifications:Channels:{channel.Key}", channel.Value))
            .Concat(options.Default.Where(known => !options.Channels.ContainsKey(known)).Select(unknown => $"Notifications:Default names '{unknown}'. {Engine.Nearest.Hint(unknown, options.Channels.Keys)}")).ToArray();
        return faults.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static IEnumerable<string> Faults(string at, ChannelOptions channel)
    {
        if (channel.Kind == ChannelKind.Webhook)
        {
            if (!Uri.TryCreate(channel.Url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.UserInfo.Length > 0) yield return $"{at}:Url must be an http or https URL without a user in it.";
            if (channel.Secret is null == channel.SecretFile is null) yield return $"{at} needs either Secret or SecretFile: what signs each delivery.";
        }
        if (channel.Kind == ChannelKind.Smtp)
        {
            if (string.IsNullOrEmpty(channel.Host)) yield return $"{at}:Host is the name of the mail server.";
            if (channel.Port is < 1 or > 65_535) yield return $"{at}:Port must lie between 1 and 65,535.";
            if (!System.Net.Mail.MailAddress.TryCreate(channel.From, out _)) yield return $"{at}:From must be a mail address.";
            if (channel.To.Count == 0 || channel.To.Exists(to => !System.Net.Mail.MailAddress.TryCreate(to, out _))) yield return $"{at}:To must hold at least one mail address, and nothing else.";
            if (channel.User is not null && channel.Password is null == channel.PasswordFile is null) yield return $"{at} has a User and needs either Password or PasswordFile.";
        }
        foreach (var file in new[] { channel.SecretFile, channel.PasswordFile })
        {
            if (file is not null && !File.Exists(file)) yield return $"{at}: there is no file {file}.";
        }
    }
}
