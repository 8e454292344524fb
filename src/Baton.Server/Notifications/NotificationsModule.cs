using Microsoft.Extensions.Options;

namespace Baton.Server.Notifications;

/// <summary>Tells people outside what they must know of their runs.</summary>
internal static class NotificationsModule
{
    extension(IServiceCollection services)
    {
        public IServiceCollection AddNotifications()
        {
            services.AddSettings<NotificationOptions>(NotificationOptions.Section).AddSingleton<IValidateOptions<NotificationOptions>, NotificationOptionsValidator>().AddSingleton<IValidateOptions<NotificationOptions>, NotificationOptionsRules>();
            services.AddSingleton<Outbox>().AddSingleton<Webhook>();
            return services.AddSingleton<NotificationSender>().AddHostedService(provider => provider.GetRequiredService<NotificationSender>());
        }
    }
}
