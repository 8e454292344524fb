using System.Text;
using System.Text.Unicode;

namespace Baton.Server.PrConfidence;

/// <summary>Step 2: reads a ticket from Markdown, plain text or a Jira issue as its REST interface gives it.</summary>
internal static class TicketReader
{
    /// <summary>Of a ticket, as a file or as text.</summary>
    public const int MaxBytes = 1 << 20;

    public static async Task<TicketResult> ReadFileAsync(string path, TicketFormat format, CancellationToken cancel)
    {
        if (Directory.Exists(path)) return new TicketResult.Failed(TicketError.FileMissing, $"the ticket {path} is a folder; give the file in it");
        var file = new FileInfo(path);
        if (!file.Exists) return new TicketResult.Failed(TicketError.FileMissing,
            $"the ticket {path} does not exist; give the path of a Markdown file or of a Jira issue saved as JSON");
        if (file.Length > MaxBytes) return TooLarge(path, file.Length);
        var bytes = await File.ReadAllBytesAsync(path, cancel);
        if (bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble)) bytes = bytes[3..];
        if (!Utf8.IsValid(bytes) || bytes.Contains((byte)0))
            return new TicketResult.Failed(TicketError.NotText, $"the ticket {path} is not UTF-8 text; export it as Markdown or JSON");
        return Read(new(Encoding.UTF8.GetString(bytes), path, format));
    }

    public static TicketResult Read(TicketRequest request)
    {
        if (request.Text.Length > MaxBytes) return TooLarge(request.Source, request.Text.Length);
        if (string.IsNullOrWhiteSpace(request.Text)) return new TicketResult.Failed(TicketError.Empty, $"the ticket {request.Source} is empty");
        var isJson = request.Format == TicketFormat.Jira || (request.Format == TicketFormat.Auto && request.Text.AsSpan().TrimStart() is ['{' or '[', ..]
            && JiraIssue.LooksLikeJson(request.Text));
        return isJson ? JiraIssue.Read(request) : new TicketResult.Read(MarkdownTicket.Read(request.Text, request.Source));
    }

    private static TicketResult.Failed TooLarge(string source, long length) =>
        new(TicketError.TooLarge, $"the ticket {source} has {length:N0} bytes and the limit is {MaxBytes:N0}; give the ticket without its attachments");
}
