"""Delete: everything that carries the service's label goes, then it is looked whether it is gone, then the rows.

What is on the server is asked of the server, not of the database. What cannot be removed keeps the
service, so that nothing is left that nobody knows of.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from homeport.core.deploy import plan
from homeport.core.observed import LABEL_COMPOSE_PROJECT, LABEL_SERVICE
from homeport.core.revision import Snapshot
from homeport.db.services import delete_service
from homeport.errors import EngineFailed
from homeport.worker import proxy
from homeport.worker.runs import Run
from homeport.worker.stop import remove_containers, take_down


async def delete(run: Run) -> None:
    engine, uuid, options = run.host.engine, run.work.service_uuid, run.work.options
    snapshot = run.snapshot or _never_deployed(run)
    networks, volumes = await asyncio.gather(_own(run, engine.networks), _own_volumes(run))
    decided = plan(
        snapshot,
        await run.observe(),
        "delete",
        has_proxy=run.snapshot is not None and proxy.is_used_on(run.work.server),
        volumes_to_remove=volumes if options.get("delete_volumes") else (),
        is_folder_kept=not options.get("delete_configurations", True),
    )
    await run.store_plan(decided)
    await take_down(run, decided)
    run.begin(decided, "containers")
    await remove_containers(run)
    if with_networks := bool(options.get("delete_connected_networks", True)):
        doomed = sorted({*networks, *snapshot.networks})
        run.lines.begin("networks", f"Remove the networks {', '.join(doomed)}.")
        for name in doomed:
            await _remove_network(run, name)
    if (step := run.begin(decided, "volumes")) is not None:
        for name in step.names:
            await _ignore_missing(engine.remove_volume(name))
    if run.begin(decided, "folder"):
        await run.host.remove_folder(snapshot.folder)
    run.begin(decided, "verify")
    left = await _left(run, with_networks=with_networks, with_volumes=decided.find("volumes") is not None)
    if left:
        raise run.fail(f"Not everything could be removed. Left on the server: {', '.join(left)}.")
    run.lines.add("step", f"Nothing of {uuid} is left.")
    run.at_end.append(lambda session: delete_service(session, run.work.service_id))


def _never_deployed(run: Run) -> Snapshot:
    """What to remove of a service without a revision: what its labels find, and its folder."""
    root, uuid = run.context.settings.server_root, run.work.service_uuid
    return Snapshot(
        service_uuid=uuid,
        service_name=run.work.service_name,
        number=0,
        folder=f"{root}/services/{uuid}",
        compose="",
        dotenv="",
        components=(),
        networks=(uuid,),
    )


async def _own(run: Run, list_by_label: Callable[..., Awaitable[list[str]]]) -> list[str]:
    """What carries the service's label, or that of its Compose project."""
    uuid = run.work.service_uuid
    ours, composes = await asyncio.gather(
        list_by_label({LABEL_SERVICE: uuid}), list_by_label({LABEL_COMPOSE_PROJECT: uuid})
    )
    return sorted({*ours, *composes})


async def _own_volumes(run: Run) -> list[str]:
    """The service's volumes, never one that its compose names as external."""
    external = (
        {volume.name for volume in run.snapshot.volumes if volume.is_external} if run.snapshot else set()
    )
    return [name for name in await _own(run, run.host.engine.volumes) if name not in external]


async def _remove_network(run: Run, name: str) -> None:
    """Take the proxy off the network first: it is connected to each."""
    engine = run.host.engine
    await _ignore_missing(engine.disconnect_network(name, run.context.settings.proxy_container))
    await _ignore_missing(engine.remove_network(name))


async def _ignore_missing(removal: Awaitable[None]) -> None:
    try:
        await removal
    except EngineFailed as error:
        if error.status != 404:
            raise


async def _left(run: Run, *, with_networks: bool, with_volumes: bool) -> Sequence[str]:
    seen = await run.observe()
    networks = await _own(run, run.host.engine.networks) if with_networks else []
    volumes = await _own_volumes(run) if with_volumes else []
    return [
        *(f"container {item.name}" for item in seen.containers),
        *(f"network {name}" for name in networks),
        *(f"volume {name}" for name in volumes),
    ]
