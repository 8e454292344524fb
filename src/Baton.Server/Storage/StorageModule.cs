namespace Baton.Server.Storage;

/// <summary>Where everything is kept.</summary>
internal sealed class StorageOptions
{
    public const string Section = "Storage";

    /// <summary>The database file. Default: <c>baton/baton.db</c> in the user's data folder. <c>--db</c> and <c>BATON_DB</c> outrank it.</summary>
    /// <remarks>The folder is not verified: where it does not exist yet, the answer would be the working folder.</remarks>
    public string Database { get; set; } = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "baton", "baton.db");
}

/// <summary>The database of this process.</summary>
internal static class StorageModule
{
    extension(IServiceCollection services)
    {
        public IServiceCollection AddStorage(Database database)
        {
            services.AddSettings<StorageOptions>(StorageOptions.Section);
            services.AddHealthChecks().AddCheck<StorageHealth>("storage");
            return services.AddSingleton(_ => database);   // as a factory: what is given ready-made, the container does not close
        }
    }
}
