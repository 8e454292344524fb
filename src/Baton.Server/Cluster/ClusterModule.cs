using Microsoft.Extensions.Options;

namespace Baton.Server.Cluster;

/// <summary>The nodes that share a database, and what they tell each other.</summary>
internal static class ClusterModule
{
    extension(IServiceCollection services)
    {
        public IServiceCollection AddCluster(Node node)
        {
            services.AddSettings<ClusterOptions>(ClusterOptions.Section).AddSingleton<IValidateOptions<ClusterOptions>, ClusterOptionsValidator>().AddSingleton<IValidateOptions<ClusterOptions>, ClusterRules>();
            services.AddSingleton(node).AddSingleton<Wakeups>().AddSingleton<LeaderLease>().AddSingleton<Tenure>().AddSingleton<NodeStore>();
            services.AddSingleton<NewsListener>().AddSingleton<NodeRegistry>();
            // In this order: nothing is taken before the node is known, and what others tell is heard from then on.
            services.AddHostedService(provider => provider.GetRequiredService<NodeRegistry>());
            return services.AddHostedService(provider => provider.GetRequiredService<NewsListener>());
        }
    }
}
