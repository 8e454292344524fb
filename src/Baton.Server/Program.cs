return await Baton.Server.BatonApp.RunAsync(args);
