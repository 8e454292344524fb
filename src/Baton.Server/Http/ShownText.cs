namespace Baton.Server.Http;

/// <summary>What others have written, as messages show it.</summary>
internal static class ShownText
{
    extension(string text)
    {
        /// <summary>Its beginning, where it is longer than so many characters.</summary>
        public string Clip(int most) => text.Length <= most ? text : $"{text[..most]}…";
    }
}
