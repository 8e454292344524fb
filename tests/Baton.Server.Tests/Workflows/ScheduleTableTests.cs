using Baton.Engine;
using Baton.Server.Workflows;

namespace Baton.Server.Tests.Workflows;

public sealed class ScheduleTableTests
{
    [Fact]
    public void A_schedule_that_was_replaced_while_it_fired_does_not_come_back()
    {
        var table = new ScheduleTable();
        var old = new ActiveSchedule(TenantId.Default, new WorkflowRef("n", "w", "1.0.0"), null!, 0, DateTimeOffset.UnixEpoch);
        var newer = old with { Workflow = old.Workflow with { Version = "2.0.0" } };
        table.Put(old);
        table.Move(old, DateTimeOffset.UnixEpoch.AddHours(1));
        Assert.Equal(DateTimeOffset.UnixEpoch.AddHours(1), Assert.Single(table.All).Due);
        table.Put(newer);
        table.Move(old with { Due = DateTimeOffset.UnixEpoch.AddHours(1) }, DateTimeOffset.UnixEpoch.AddHours(2));
        Assert.Equal(newer, Assert.Single(table.All));
        table.Remove(TenantId.Default, newer.Workflow);
        table.Move(newer, DateTimeOffset.UnixEpoch);
        Assert.Empty(table.All);
    }
}
