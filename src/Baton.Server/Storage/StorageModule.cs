using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Baton.Server.Storage;

/// <summary>Where everything is kept.</summary>
internal sealed class StorageOptions
{
    public const string Section = "Storage";

    /// <summary>The defaults of <see cref="PageCacheBytes"/>.</summary>
    public const long PageCache = 16L << 20, SmallPageCache = 2L << 20;

    /// <summary>The database: a file, or <c>postgres://USER@HOST:PORT/DATABASE</c> for several nodes over one PostgreSQL. Default: <c>baton/baton.db</c> in the user's data folder. <c>--db</c> and <c>BATON_DB</c> outrank it.</summary>
    /// <remarks>The folder is not verified: where it does not exist yet, the answer would be the working folder.</remarks>
    public string Database { get; set; } = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "baton", "baton.db");

    /// <summary>Connections that write to PostgreSQL, each committing in groups. Default 1 with up to four processors, else 2: few large groups cost less than many small ones.</summary>
    [Range(1, 16)]
    public int WriterConnections { get; set; } = Environment.ProcessorCount <= 4 ? 1 : 2;

    /// <summary>Memory for pages of an SQLite database, in bytes. Default 16 MiB, or 2 MiB in a process of the role gateway alone, which reads next to nothing; 64 KiB to 64 GiB.</summary>
    [Range(64L << 10, 64L << 30)]
    public long? PageCacheBytes { get; set; }

    /// <summary>Most connections that read from PostgreSQL at once. Default 20.</summary>
    [Range(1, 1_000)]
    public int ReadConnections { get; set; } = 20;

    /// <summary>Longest time that PostgreSQL may take for a statement that reads. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan StatementTimeout { get; set; } = TimeSpan.FromSeconds(30);
}

[OptionsValidator]
internal sealed partial class StorageOptionsValidator : IValidateOptions<StorageOptions>;

/// <summary>The database of this process.</summary>
internal static class StorageModule
{
    extension(IServiceCollection services)
    {
        public IServiceCollection AddStorage(Database database)
        {
            services.AddSettings<StorageOptions>(StorageOptions.Section).AddSingleton<IValidateOptions<StorageOptions>, StorageOptionsValidator>();
            services.AddHealthChecks().AddCheck<StorageHealth>("storage");
            return services.AddSingleton(_ => database);   // as a factory: what is given ready-made, the container does not close
        }
    }
}
