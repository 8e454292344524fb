namespace Baton.Server.Commands;

/// <summary>Folders for temporary files.</summary>
internal static class ScratchFolder
{
    /// <exception cref="StartupException">There is no place for it.</exception>
    public static DirectoryInfo Create(string prefix)
    {
        try
        {
            return Directory.CreateTempSubdirectory(prefix);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"No folder can be made in {Path.GetTempPath()}, where temporary files belong. Set TMPDIR to a folder that exists and can be written.", e);
        }
    }
}
