"""The proxy of a server, as the worker needs it: running, on the service's network, with the newest routes."""

import json
from collections.abc import Iterable
from typing import Final

from homeport.core import observed as observations
from homeport.core.observed import LABEL_MANAGED, Observed
from homeport.core.proxy import Route, caddy_config, routes_of
from homeport.core.revision import Snapshot
from homeport.db.deployments import list_routes
from homeport.db.servers import Server
from homeport.db.work import list_withdrawn
from homeport.errors import ProxyFailed
from homeport.worker.runs import Run

_OK: Final = 200
_REASON_LENGTH: Final = 500


def is_used_on(server: Server) -> bool:
    """Whether the server's proxy is one that Homeport configures."""
    return server.proxy_type == "CADDY"


async def prepare(run: Run) -> None:
    """Make sure that the proxy runs and is on the networks of the service, if it has a domain."""
    snapshot = run.wanted
    if not routes_of(snapshot):
        return
    settings, engine = run.context.settings, run.host.engine
    #    await ensure_proxy(run.host, settings)
    for network in snapshot.networks:
        await engine.connect_network(network, settings.proxy_container)


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
    settings = run.context.settings
    config = caddy_config(
        await _routes(run, snapshots, seen),
        http_port=settings.proxy_http_port,
        https_port=settings.proxy_https_port,
        is_tls_internal=settings.is_tls_internal or run.work.server.is_tls_internal,
    )
    status, answer = await run.host.proxy_request("POST", "/load", json.dumps(config).encode())
    if status != _OK:
        reason = answer.decode(errors="replace").strip()[:_REASON_LENGTH]
        raise ProxyFailed(f"The proxy refused its configuration ({status}): {reason}")


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
