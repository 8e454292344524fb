using System.Security.Cryptography;
using System.Text;

namespace Baton.Server.Gateway;

/// <summary>Who asks, where a provider does not take the name as it is: the same name becomes the same hash each time, so that one user can still be told from another.</summary>
internal static class Pseudonym
{
    private const int OpenAiLength = 64, AnthropicLength = 256, PhoneDigits = 7;

    public static string? ForOpenAi(string? user) => user?.Length > OpenAiLength ? HashOf(user) : user;

    /// <summary>It refuses what looks like an address for mail or a telephone number.</summary>
    public static string? ForAnthropic(string? user) => user is not null && (user.Length > AnthropicLength || user.Contains('@', StringComparison.Ordinal) || IsPhone(user)) ? HashOf(user) : user;

    private static bool IsPhone(string user) => user.Count(char.IsAsciiDigit) >= PhoneDigits && user.All(c => char.IsAsciiDigit(c) || c is '+' or '-' or '.' or '/' or '(' or ')' or ' ');

    private static string HashOf(string user) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(user)));
}
