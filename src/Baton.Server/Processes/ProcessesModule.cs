namespace Baton.Server.Processes;

internal static class ProcessesModule
{
    extension(IServiceCollection services)
    {
        /// <summary>Adds the processes that workflows may run.</summary>
        public IServiceCollection AddProcesses()
        {
            services.AddOptionsWithValidateOnStart<ProcessOptions, ProcessOptionsValidator>().BindConfiguration(ProcessOptions.Section);
            return services.AddSingleton<ProcessCalls>();
        }
    }
}
