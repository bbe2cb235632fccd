"""Watching the servers: what happens to a container shows in its component's status within a second.

One task per server listens to the engine's events, waits a moment for the rest of a burst, then looks
at everything once. It also looks at each (re)connection and every few minutes, for what it missed.
"""

import asyncio
import logging
from typing import Final

from homeport.core import observed as observations
from homeport.core.commands import Host
from homeport.core.observed import LABEL_MANAGED
from homeport.core.status import CRASH_LOOP_WINDOW, component_status
from homeport.db.servers import Server
from homeport.db.services import set_component_statuses
from homeport.db.work import list_component_statuses, list_watched_servers, set_server_seen
from homeport.errors import HomeportError
from homeport.worker.context import Context

QUIET_S: Final = 0.3
RESYNC_S: Final = 300.0
RETRY_S: Final = (1.0, 2.0, 5.0, 15.0, 30.0)
"""How long to wait before each further try to listen; a connection that lasted starts over."""
NEW_SERVERS_S: Final = 60.0
UNKNOWN: Final = "unknown:unknown"

_log = logging.getLogger(__name__)


async def observe_servers(context: Context) -> None:
    """Watch every server that has a service; new ones are found after news, and every minute."""
    watchers: dict[int, asyncio.Task[None]] = {}
    try:
        while True:
            news = context.news
            async with context.database.read() as session:
                servers = await list_watched_servers(session)
            for server in servers:
                if server.id not in watchers:
                    watchers[server.id] = asyncio.create_task(_watch(context, server))
            try:
                async with asyncio.timeout(NEW_SERVERS_S):
                    await news.wait()
            except TimeoutError:
                continue
    finally:
        for watcher in watchers.values():
            watcher.cancel()
        await asyncio.gather(*watchers.values(), return_exceptions=True)


async def _watch(context: Context, server: Server) -> None:
    tries = 0
    while True:
        began = asyncio.get_running_loop().time()
        try:
            await _connect(context, server)
        except HomeportError as error:
            _log.log(
                logging.WARNING if tries == 0 else logging.DEBUG,
                "server %s cannot be observed: %s",
                server.name,
                error.message,
            )
            await _forget_statuses(context, server.id)
        except Exception:  # noqa: BLE001 - the watch must go on
            _log.exception("observing server %s", server.name)
        has_lasted = asyncio.get_running_loop().time() - began > RETRY_S[-1]
        tries = 0 if has_lasted else min(tries + 1, len(RETRY_S) - 1)
        await asyncio.sleep(RETRY_S[tries])


async def _connect(context: Context, server: Server) -> None:
    """Observe until the connection ends."""
    host = await context.hosts.open(server)
    changed = asyncio.Event()
    listener = asyncio.create_task(_listen(host, changed))
    try:
        await _follow(context, server.id, host, changed, listener)
    finally:
        listener.cancel()
        await asyncio.gather(listener, return_exceptions=True)


async def _listen(host: Host, changed: asyncio.Event) -> None:
    filters = {"type": ["container"], "label": [f"{LABEL_MANAGED}=true"]}
    async for _ in host.engine.events(filters):
        changed.set()


async def _follow(
    context: Context, server_id: int, host: Host, changed: asyncio.Event, listener: asyncio.Task[None]
) -> None:
    """Look now, and after every burst of events; returns when the stream ends, raises when it breaks."""
    is_new = True
    while True:
        changed.clear()
        next_look_s = await look(context, server_id, host)
        if is_new:
            is_new = False
            seen = await _look_at_server(context, host)
            async with context.database.write() as session:
                await set_server_seen(session, server_id, is_reachable=True, now=context.now(), **seen)
        waiting = asyncio.create_task(changed.wait())
        try:
            await asyncio.wait({waiting, listener}, timeout=next_look_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        if listener.done():
            listener.result()
            return
        if changed.is_set():
            await asyncio.sleep(QUIET_S)


async def _look_at_server(context: Context, host: Host) -> dict[str, str]:
    """The engine's version and how the proxy is; they change rarely, so once for each connection."""
    version = await host.engine.version()
    proxy = await host.engine.find_container(context.settings.proxy_container)
    is_running = proxy is not None and bool((proxy.get("State") or {}).get("Running"))
    return {
        "docker_version": str(version.get("Version") or "unknown")[:64],
        "proxy_status": "running" if is_running else "exited",
    }


async def look(context: Context, server_id: int, host: Host) -> float:
    """Compare what the engine shows with what is stored, and store what differs.

    The seconds until the next look: soon, when a container was restarted and must show that it stays up.
    """
    seen = observations.read(await host.engine.containers({LABEL_MANAGED: "true"}))
    now = context.now()
    async with context.database.read() as session:
        stored = await list_component_statuses(session, server_id)
    changes: dict[int, dict[str, str]] = {}
    for service_id, uuid, name, status, is_excluded in stored:
        containers = [item for item in seen.containers if (item.service_uuid, item.component) == (uuid, name)]
        fresh = component_status(containers, is_excluded=is_excluded, now=now)
        if fresh != status:
            changes.setdefault(service_id, {})[name] = fresh
    if changes:
        await _store(context, changes)
    is_shaky = any(
        item.is_running
        and item.restart_count
        and item.started_at
        and now - item.started_at < CRASH_LOOP_WINDOW
        for item in seen.containers
    )
    return CRASH_LOOP_WINDOW.total_seconds() if is_shaky else RESYNC_S


async def _store(context: Context, changes: dict[int, dict[str, str]]) -> None:
    async with context.database.write() as session:
        for service_id, statuses in changes.items():
            await set_component_statuses(session, service_id, statuses, context.now())


async def _forget_statuses(context: Context, server_id: int) -> None:
    """Nobody knows how the components of an unreachable server are."""
    now = context.now()
    async with context.database.write() as session:
        for service_id, _, name, status, _ in await list_component_statuses(session, server_id):
            if status != UNKNOWN:
                await set_component_statuses(session, service_id, {name: UNKNOWN}, now)
        await set_server_seen(session, server_id, is_reachable=False, now=now)
