"""The composition root: settings, database, hosts, routes and worker become one application."""

import asyncio
import importlib
import pkgutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import Response

import homeport
from homeport import api
from homeport.actions.context import Site
from homeport.actions.setup import first_start
from homeport.catalog import Catalog
from homeport.catalog.shelf import Shelf
from homeport.core.domains import parse_domain
from homeport.db.engine import Database, open_database
from homeport.db.migrate import migrate
from homeport.errors import SettingsInvalid
from homeport.http import errors
from homeport.http.deps import is_gated, random_text
from homeport.http.edge import Edge
from homeport.http.gates import Gates
from homeport.http.limits import BodyLimit
from homeport.queue import migrate_jobs
from homeport.remote.hosts import Hosts
from homeport.settings import Settings

API = "/api/v1"


def create_app(
    settings: Settings, *, hosts: Any = None, catalog: Catalog | None = None, with_worker: bool = True
) -> FastAPI:
    """The application; its lifespan opens the database, migrates, makes the first start's rows and runs the worker.

    `hosts` opens the servers (the real ones by default); `catalog` has the one-click types (all by default).
    """
    database = open_database(settings.database_url, settings.secret_keys)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(database.close)
            stack.push_async_callback(app.state.hosts.close)
            await prepare_database(database)
            stack.push_async_callback(app.state.gates.batches.close)
            await stack.enter_async_context(app.state.shelf.kept_fresh())
            if with_worker:
                await _start_worker(app, stack)
            yield

    app = FastAPI(
        title="Homeport",
        version=homeport.__version__,
        lifespan=lifespan,
        openapi_url=f"{API}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.settings = settings
    app.state.database = database
    app.state.hosts = _hosts(settings) if hosts is None else hosts
    app.state.shelf = _open_shelf(settings) if catalog is None else Shelf(catalog)
    app.state.site = site_of(settings)
    app.state.gates = Gates(
        database, rate_limit=settings.api_rate_limit, trusted_proxies=settings.trusted_proxies
    )
    app.state.wake = _nobody_to_wake
    _mount(app)
    errors.install(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(Edge, version=homeport.__version__)
    return app


async def prepare_database(database: Database) -> None:
    """Migrate, the job queue's tables too, and make what the first start makes."""
    if await migrate(database):
        await asyncio.to_thread(migrate_jobs, database.sync_url)
    await first_start(database, now=datetime.now(UTC), token=random_text)


def site_of(settings: Settings) -> Site:
    """Raises SettingsInvalid when the default domain is no domain."""
    try:
        domain = parse_domain(settings.default_domain)
    except ValueError as error:
        raise SettingsInvalid(f"HOMEPORT_DEFAULT_DOMAIN: {error}") from error
    return Site(
        server_root=settings.server_root,
        default_domain=domain,
        version=homeport.__version__,
        proxy_http_port=settings.proxy_http_port,
        docker_socket=settings.docker_socket,
        is_grants_strict=settings.is_grants_strict,
    )


def _hosts(settings: Settings) -> Hosts:
    return Hosts(root=settings.server_root, socket=settings.docker_socket)


def _nobody_to_wake() -> None:
    """Without a worker in this process jobs wait for the poll of another."""


async def _start_worker(app: FastAPI, stack: AsyncExitStack) -> None:
    # Imported here: a process that only serves does not pay for the job queue.
    from homeport.worker.run import worker  # noqa: PLC0415

    state = app.state
    running = await stack.enter_async_context(worker(state.database, state.settings, state.hosts))
    state.wake = running.wake


def _open_shelf(settings: Settings) -> Shelf:
    from homeport.catalog.load import load_catalog  # noqa: PLC0415 - tests bring their own

    return Shelf.open(load_catalog(), settings.catalog_sources, settings.data_dir / "catalog")


def _mount(app: FastAPI) -> None:
    """Mount every module of `homeport.api` that has a router. Refuses to start with a route that has no gate."""
    for name in sorted(module.name for module in pkgutil.iter_modules(api.__path__)):
        module = importlib.import_module(f"homeport.api.{name}")
        router = getattr(module, "router", None)
        if isinstance(router, APIRouter):
            _refuse_ungated(router, name)
            app.include_router(router, prefix=API)
        health = getattr(module, "health_router", None)
        if isinstance(health, APIRouter):
            app.include_router(health, prefix="/api")
            app.include_router(health, prefix=API)
    app.add_route("/api/{path:path}", _unrouted, methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])


def _refuse_ungated(router: APIRouter, name: str) -> None:
    open_routes = [route for route in router.routes if not is_gated(route)]
    if open_routes:
        raise RuntimeError(f"homeport.api.{name}: {open_routes[0]} has no gate: use reads() or writes()")


async def _unrouted(_: Request) -> Response:
    return errors.unrouted()
