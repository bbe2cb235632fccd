"""Stop: the routes first, then the containers, each within its own grace period. Volumes and files stay."""

from homeport.core.commands import compose as compose_commands
from homeport.core.commands.compose import project_on
from homeport.core.deploy import Plan, plan
from homeport.core.observed import Observed
from homeport.errors import EngineFailed
from homeport.worker import proxy
from homeport.worker.runs import Run


async def stop(run: Run) -> None:
    if run.snapshot is None:
        await run.observe()
        return  # It was never deployed.
    decided = plan(run.snapshot, await run.observe(), "stop", has_proxy=proxy.is_used_on(run.work.server))
    await run.store_plan(decided)
    await take_down(run, decided)
    run.begin(decided, "verify")
    left = [item.name for item in (await run.observe()).containers]
    if left:
        raise run.fail(f"Still there: {', '.join(left)}.")


async def take_down(run: Run, decided: Plan) -> None:
    """Withdraw the routes and remove the containers: with Compose while it can, else one by one."""
    if run.begin(decided, "proxy"):
        await proxy.withdraw(run)
    run.begin(decided, "down")
    snapshot = run.snapshot
    if snapshot is not None and (run.observed or Observed()).containers:
        project = project_on(run.host, snapshot.folder, snapshot.service_uuid)
        output = await run.host.run(compose_commands.down(project), on_line=run.lines.take)
        if output.is_ok:
            return
        run.lines.add("err", f"Compose could not do it (code {output.exit_code}); doing it one by one.")
    await remove_containers(run)


async def remove_containers(run: Run) -> None:
    """Stop and remove every container that carries the service's label, whatever the database knows."""
    periods = {}
    for item in run.snapshot.components if run.snapshot else ():
        periods[item.name] = item.stop_grace_period_s
    for container in (await run.observe()).containers:
        period = periods.get(container.component)
        try:
            if container.is_running:
                await run.host.engine.stop_container(
                    container.name, None if period is None else max(1, round(period))
                )
            await run.host.engine.remove_container(container.name, force=True)
        except EngineFailed as error:
            if error.status != 404:  # It is gone already.
                raise
