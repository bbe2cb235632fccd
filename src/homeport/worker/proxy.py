"""The proxy of a server, as the worker needs it: running, on the service's network, with the newest routes."""

from collections.abc import Iterable
from typing import Final

from homeport.core import observed as observations
from homeport.core.observed import LABEL_MANAGED, Observed
from homeport.core.proxy import Route, routes_of
from homeport.core.revision import Snapshot
from homeport.db.deployments import list_routes
from homeport.db.servers import Server
from homeport.db.work import list_withdrawn, set_proxy_status
from homeport.remote.proxy import ProxySpec, connect_proxy, ensure_proxy, load_routes
from homeport.settings import Settings
from homeport.worker.runs import Run

RUNNING: Final = "running"


def is_used_on(server: Server) -> bool:
    """Whether the server's proxy is one that Homeport configures."""
    return server.proxy_type == "CADDY"


def spec_of(settings: Settings, server: Server) -> ProxySpec:
    return ProxySpec(
        root=settings.server_root,
        http_port=settings.proxy_http_port,
        https_port=settings.proxy_https_port,
        is_tls_internal=settings.is_tls_internal or server.is_tls_internal,
        name=settings.proxy_container,
    )


async def prepare(run: Run) -> None:
    """Make sure that the proxy runs and is on the networks of the service, if it has a domain."""
    snapshot = run.wanted
    if routes_of(snapshot):
        async with run.context.proxy_lock(run.work.server.id):
            await ensure_proxy(run.host, _spec(run))
        await connect_proxy(run.host, _spec(run), snapshot.networks)


async def switch(run: Run, snapshot: Snapshot, seen: Observed) -> None:
    """Load the routes of everything that runs on the server, with those of this revision.

    Nobody else loads a configuration until this deployment's end is written: whoever comes next reads it.
    """
    server = run.work.server
    await run.until_ended.enter_async_context(run.context.proxy_lock(server.id))
    others = await _others(run)
    if not routes_of(snapshot) and not any(map(routes_of, others)) and not await _is_running(run):
        return
    await _load(run, [*others, snapshot], seen)


async def switch_back(run: Run) -> None:
    """Load the routes of what ran before this deployment, whose lock on the proxy it still holds."""
    async with run.context.database.read() as session:
        await _load(run, await list_routes(session, run.work.server.id), None)


async def withdraw(run: Run) -> None:
    """Load the routes of everything else on the server."""
    if not await _is_running(run):
        return
    async with run.context.proxy_lock(run.work.server.id):
        await _load(run, await _others(run), None)


async def _others(run: Run) -> list[Snapshot]:
    """What else runs on the server; not what is just being stopped or deleted."""
    async with run.context.database.read() as session:
        snapshots = await list_routes(session, run.work.server.id)
        withdrawn = await list_withdrawn(session, run.work.server.id)
    return [item for item in snapshots if item.service_uuid not in {run.work.service_uuid, *withdrawn}]


async def _is_running(run: Run) -> bool:
    document = await run.host.engine.find_container(run.context.settings.proxy_container)
    return document is not None and bool((document.get("State") or {}).get("Running"))


async def _load(run: Run, snapshots: list[Snapshot], seen: Observed | None) -> None:
    await load_routes(run.host, _spec(run), await _routes(run, snapshots, seen))
    server = run.work.server
    if server.proxy_status != RUNNING:
        async with run.context.database.write() as session:
            await set_proxy_status(session, server.id, RUNNING)


def _spec(run: Run) -> ProxySpec:
    return spec_of(run.context.settings, run.work.server)


async def _routes(run: Run, snapshots: Iterable[Snapshot], seen: Observed | None) -> list[Route]:
    """The routes; what the images expose is asked only where nothing else names a port."""
    routes: list[Route] = []
    everything: Observed | None = None
    for snapshot in snapshots:
        ports: dict[str, int] = {}
        if _has_unknown_port(snapshot):
            if seen is not None and snapshot.service_uuid == run.work.service_uuid:
                ports = seen.ports
            else:
                everything = everything or observations.read(
                    await run.host.engine.containers({LABEL_MANAGED: "true"})
                )
                ports = everything.of_service(snapshot.service_uuid).ports
        routes += routes_of(snapshot, ports)
    return routes


def _has_unknown_port(snapshot: Snapshot) -> bool:
    return any(
        domain.port is None and component.port is None
        for component in snapshot.components
        for domain in component.domains or ()
    )
