using Microsoft.Extensions.Options;

namespace Baton.Server.Processes;

internal static class ProcessesModule
{
    extension(IServiceCollection services)
    {
        /// <summary>Adds the processes that workflows may run.</summary>
        public IServiceCollection AddProcesses()
        {
            services.AddSettings<ProcessOptions>(ProcessOptions.Section).AddSingleton<IValidateOptions<ProcessOptions>, ProcessOptionsValidator>();
            return services.AddSingleton<ProcessCalls>();
        }
    }
}
