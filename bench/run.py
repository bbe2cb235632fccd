"""`bin/bench`: figures and ratios of one run, on this machine, of a real process over real HTTP."""

import argparse
import base64
import contextlib
import functools
import sys
import threading
import time
from collections.abc import Callable, Iterator

import httpx

from bench.catalog import render_every_template
from bench.deployment import compare_with_compose
from bench.figures import Sample, row
from bench.server import Server, serve
from tests.support.postgres import ensure_cluster

COMPOSE = """\
services:
  web:
    image: homeport-test/busybox:local
    command: [httpd, -f, -p, "8080"]
    stop_signal: SIGKILL
    environment:
      - SERVICE_URL_WEB_8080
      - DATABASE_PASSWORD=$SERVICE_PASSWORD_DATABASE
    depends_on: [database]
  database:
    image: homeport-test/busybox:local
    command: [sleep, infinity]
    stop_signal: SIGKILL
    environment:
      - PASSWORD=$SERVICE_PASSWORD_DATABASE
    volumes:
      - data:/var/lib/data
volumes:
  data:
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="bin/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds: a look, not a figure to keep")
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL instead of SQLite")
    arguments = parser.parse_args()
    render_every_template(5 if arguments.quick else 25)
    with _database(is_postgres=arguments.postgres) as url, serve(url) as server:
        row("database", "PostgreSQL" if url else "SQLite")
        row("ready after", f"{server.ready_s:.2f} s")
        _idle(server, 5 if arguments.quick else 30)
        _requests(server, 30 if arguments.quick else 200)
        with server.client() as client:
            where = place(client)
        compare_with_compose(server, 2 if arguments.quick else 7, COMPOSE, where)
    return 0


@contextlib.contextmanager
def _database(*, is_postgres: bool) -> Iterator[str | None]:
    if not is_postgres:
        yield None
        return
    cluster = ensure_cluster()
    try:
        yield cluster.create("bench")
    finally:
        cluster.stop()


def _idle(server: Server, duration_s: int) -> None:
    with server.client() as client:
        client.get("/version").raise_for_status()
    time.sleep(2)
    cpu_s = server.cpu_s()
    time.sleep(duration_s)
    used = 100 * (server.cpu_s() - cpu_s) / duration_s
    rss, pss = server.memory_mb()
    row(f"idle for {duration_s} s: CPU", f"{used:.2f} % of a core")
    row("idle: memory", f"RSS {rss:.0f} MB, PSS {pss:.0f} MB")


def place(client: httpx.Client) -> dict[str, str]:
    """The fields of POST /services that say where a service goes."""
    return {
        "project_uuid": client.get("/projects").raise_for_status().json()[0]["uuid"],
        "server_uuid": client.get("/servers").raise_for_status().json()[0]["uuid"],
        "environment_name": "production",
    }


def _requests(server: Server, rounds: int) -> None:
    with server.client() as client:
        body = place(client) | {"docker_compose_raw": base64.b64encode(COMPOSE.encode()).decode()}
        measure = functools.partial(_measure, server)
        measure("floor: GET /health (client and HTTP)", rounds, lambda _: client.get("/health"))
        uuids: list[str] = []

        def create(number: int) -> httpx.Response:
            answer = client.post("/services", json=body | {"name": f"bench-{number}"})
            uuids.append(answer.raise_for_status().json()["uuid"])
            return answer

        for number in range(5):
            create(number)  # Warm.
        measure("POST /services, two components", max(95, rounds), create)
        measure("GET /services/{uuid}", rounds, lambda n: client.get(f"/services/{uuids[n % len(uuids)]}"))
        _leave(client, uuids, 100)
        measure(f"GET /services with {len(uuids)} services", rounds // 2, lambda _: client.get("/services"))
    _together(server, body, clients=8, each=max(5, rounds // 8))


def _leave(client: httpx.Client, uuids: list[str], count: int) -> None:
    """Delete until `count` services are left."""
    surplus = uuids[count:]
    del uuids[count:]
    for uuid in surplus:
        client.delete(f"/services/{uuid}?delete_volumes=true").raise_for_status()
    deadline = time.monotonic() + 300
    while len(client.get("/services").json()) > count and time.monotonic() < deadline:
        time.sleep(0.2)


def _together(server: Server, body: dict[str, str], *, clients: int, each: int) -> None:
    gate = threading.Barrier(clients + 1)
    failures: list[Exception] = []

    def one(number: int) -> None:
        with server.client() as client:
            gate.wait()
            try:
                for count in range(each):
                    name = f"together-{number}-{count}"
                    client.post("/services", json=body | {"name": name}).raise_for_status()
            except httpx.HTTPError as error:
                failures.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    gate.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    rate = clients * each / (time.perf_counter() - started)
    row(f"creates with {clients} clients", f"{rate:.0f} a second ({clients * each} in all)")


def _measure(server: Server, name: str, rounds: int, act: Callable[[int], httpx.Response]) -> None:
    """Times as the client sees them, and the CPU that the server spent, which a busy machine changes less."""
    times = []
    cpu_s = server.cpu_s()
    for number in range(rounds):
        started = time.perf_counter()
        act(number).raise_for_status()
        times.append(time.perf_counter() - started)
    cpu_ms = 1000 * (server.cpu_s() - cpu_s) / rounds
    row(name, f"{Sample(tuple(times))}   server CPU {cpu_ms:5.2f} ms each")


if __name__ == "__main__":
    sys.exit(main())
