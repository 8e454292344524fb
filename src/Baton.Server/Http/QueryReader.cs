using System.Globalization;

namespace Baton.Server.Http;

/// <summary>Takes values out of a query, or says what is wrong with them.</summary>
internal static class QueryReader
{
    extension(HttpContext http)
    {
        public (int? Value, ProblemResult? Problem) QueryInteger(string name, int least, int most, int otherwise)
        {
            if (http.Request.Query[name] is not [{ } text]) return (otherwise, null);
            return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
                ? (number, null) : (null, Problems.InvalidQuery(name, $"'{name}' is a whole number from {least} to {most:N0}."));
        }
    }
}
