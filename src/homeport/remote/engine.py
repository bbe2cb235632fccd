"""The container engine behind a unix socket: Docker, or Podman's Docker API.

Errors of the library end here: what the engine refuses is EngineFailed, an engine that does not
answer is ServerUnreachable.
"""

import asyncio
import contextlib
import io
import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import aiodocker
import aiohttp
from aiodocker.exceptions import DockerError

from homeport.core.commands import Json
from homeport.errors import EngineFailed, ServerUnreachable
from homeport.remote.subnets import subnets

_ASK = aiohttp.ClientTimeout(total=60, sock_connect=10)
_WORK = aiohttp.ClientTimeout(total=1800, sock_connect=10)
_FOLLOW = aiohttp.ClientTimeout(total=None, sock_connect=10)
_LOGS_LIMIT = 16 * 1024 * 1024
_REFERENCE: Final = re.compile(r"[A-Za-z0-9\[][A-Za-z0-9._:@\[\]-]*(?:/[A-Za-z0-9][A-Za-z0-9._:@-]*)*")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_NO_CONNECTION = 900
"""The status that the library gives to an engine that cannot be reached."""


class AiodockerEngine:
    """The session is opened at the first call, so that an engine may be made before a loop runs."""

    def __init__(self, socket: str) -> None:
        self._socket = socket
        self._docker: aiodocker.Docker | None = None
        self._network_lock = asyncio.Lock()

    @property
    def _client(self) -> aiodocker.Docker:
        if self._docker is None:
            self._docker = aiodocker.Docker(url=f"unix://{self._socket}", timeout=_ASK)
        return self._docker

    async def version(self) -> Json:
        with self._translated("asking for the engine's version"):
            return await self._client.version()

    async def info(self) -> Json:
        with self._translated("asking about the engine's machine"):
            return dict(await self._client.system.info())

    async def running(self) -> list[Json]:
        with self._translated("listing running containers"):
            async with self._request("GET", "containers/json", {}, _ASK) as answer:
                return list(await answer.json())

    async def containers(self, labels: Mapping[str, str]) -> list[Json]:
        with self._translated("listing containers"):
            filters = json.dumps({"label": _pairs(labels)})
            found = await self._client.containers.list(all=True, filters=filters)
            documents = await asyncio.gather(*(self._inspect(container.id) for container in found))
            return [document for document in documents if document is not None]

    async def find_container(self, name: str) -> Json | None:
        with self._translated(f"looking for the container {name}"):
            return await self._inspect(name)

    async def _inspect(self, name: str) -> Json | None:
        # A part of the path that is asked for: `x/../other/json?` would be another container.
        if not _NAME.fullmatch(name):
            return None
        # Between the list and this a container may have gone; that must not void the rest.
        with _ignoring(404):
            return await self._client.containers.container(name).show()
        return None

    async def stop_container(self, name: str, timeout_s: int | None = None) -> None:
        with self._translated(f"stopping {name}"):
            await self._client.containers.container(name).stop(t=timeout_s, timeout=_WORK)

    async def remove_container(self, name: str, *, force: bool = False) -> None:
        """Does nothing when it is gone, or about to go."""
        with self._translated(f"removing {name}"), _ignoring(404):
            try:
                await self._client.containers.container(name).delete(force=force, timeout=_WORK)
            except DockerError as error:
                if error.status != 409 or "already in progress" not in error.message:
                    raise

    async def restart_container(self, name: str, timeout_s: int | None = None) -> None:
        with self._translated(f"restarting {name}"):
            await self._client.containers.container(name).restart(t=timeout_s, timeout=_WORK)

    async def create_container(self, name: str, config: Json) -> None:
        with self._translated(f"creating {name}"):
            await self._client.containers.create(config, name=name)

    async def start_container(self, name: str) -> None:
        with self._translated(f"starting {name}"):
            await self._client.containers.container(name).start()

    async def logs(self, name: str, *, lines: int, timestamps: bool = False) -> str:
        """The last lines of both streams, in the order in which they were written; at most 16 MiB of them."""
        with self._translated(f"reading the logs of {name}"):
            document = await self._inspect(name)
            if document is None:
                raise EngineFailed(f"No such container: {name}", status=404)
            params = {
                "stdout": "1",
                "stderr": "1",
                "tail": str(lines),
                "timestamps": "1" if timestamps else "0",
            }
            async with self._request("GET", f"containers/{document['Id']}/logs", params, _ASK) as answer:
                raw = await (_plain(answer) if document["Config"].get("Tty") else _frames(answer))
            return raw.decode("utf-8", "replace")

    async def ensure_network(self, name: str, *, labels: Mapping[str, str]) -> None:
        """Make the network if it is missing. Past the engine's own few address pools (31 networks with
        Docker's defaults), it gets a small subnet of 10.0.0.0/8 that nothing else uses."""
        async with self._network_lock:
            with self._translated(f"making the network {name}"):
                with _ignoring(404):
                    await (await self._client.networks.get(name)).show()
                    return
                for subnet in (None, *subnets(name)):
                    if await self._create_network(name, labels, subnet):
                        return
                raise EngineFailed(f"No subnet is free for the network {name}.")

    async def _create_network(self, name: str, labels: Mapping[str, str], subnet: str | None) -> bool:
        """False when the addresses are taken."""
        config: Json = {"Name": name, "Labels": dict(labels), "Attachable": True, "CheckDuplicate": True}
        if subnet is not None:
            config["IPAM"] = {"Config": [{"Subnet": subnet}]}
        try:
            created = await self._client.networks.create(config)
        except DockerError as error:
            if error.status == 409:  # Somebody else made it meanwhile.
                return True
            if not any(text in error.message.lower() for text in ("overlap", "available", "in use")):
                raise
            return False
        # The engine's own check for duplicates has a race; of several with the name, the smallest id stays.
        named = await self._client.networks.list(filters={"name": [name]})
        if created.id != min(network["Id"] for network in named if network["Name"] == name):
            await created.delete()
        return True

    async def networks(self, labels: Mapping[str, str]) -> list[str]:
        with self._translated("listing networks"):
            found = await self._client.networks.list(filters={"label": _pairs(labels)})
            return sorted(str(network["Name"]) for network in found)

    async def connect_network(self, network: str, container: str, aliases: Sequence[str] = ()) -> None:
        with self._translated(f"connecting {container} to {network}"):
            config: Json = {"Container": container, "EndpointConfig": {"Aliases": list(aliases)}}
            try:
                await (await self._client.networks.get(network)).connect(config)
            except DockerError as error:
                if not any(
                    text in error.message for text in ("already exists in network", "already connected")
                ):
                    raise

    async def disconnect_network(self, network: str, container: str) -> None:
        """Does nothing when the container is not connected, or either is gone."""
        with self._translated(f"disconnecting {container} from {network}"), _ignoring(404):
            try:
                await (await self._client.networks.get(network)).disconnect(
                    {"Container": container, "Force": True}
                )
            except DockerError as error:
                if "is not connected" not in error.message:
                    raise

    async def remove_network(self, name: str) -> None:
        """Does nothing when it is gone."""
        with self._translated(f"removing the network {name}"), _ignoring(404):
            await (await self._client.networks.get(name)).delete()

    async def volumes(self, labels: Mapping[str, str]) -> list[str]:
        with self._translated("listing volumes"):
            filters = {"label": _pairs(labels)}
            found = await self._client.volumes.list(filters=filters)  # type: ignore[no-untyped-call]
            return sorted(str(volume["Name"]) for volume in found["Volumes"] or ())

    async def remove_volume(self, name: str) -> None:
        """Does nothing when it is gone."""
        with self._translated(f"removing the volume {name}"), _ignoring(404):
            volume = await self._client.volumes.get(name)  # type: ignore[no-untyped-call]
            await volume.delete()

    async def find_image(self, reference: str) -> Json | None:
        """None also for what cannot be the name of an image: it is a part of the path that is asked for, and
        `../events?` would be another question, whose answer never ends."""
        if not _REFERENCE.fullmatch(reference):
            return None
        with self._translated(f"looking for the image {reference}"), _ignoring(404):
            return await self._client.images.inspect(reference)
        return None

    async def build_image(self, tag: str, context: bytes) -> None:
        with self._translated(f"building the image {tag}"):
            await self._client.images.build(
                fileobj=io.BytesIO(context), encoding="identity", tag=tag, forcerm=True, timeout=_WORK
            )

    async def tag_image(self, reference: str, tag: str) -> None:
        repository, _, version = tag.rpartition(":")
        with self._translated(f"tagging the image {reference}"):
            await self._client.images.tag(reference, repository, tag=version)

    async def events(self, filters: Mapping[str, Sequence[str]]) -> AsyncIterator[Json]:
        """The engine's events as they happen, until it ends; then EngineFailed or ServerUnreachable, or the end."""
        params = {"filters": json.dumps({key: list(values) for key, values in filters.items()})}
        with self._translated("listening to events"):
            async with self._request("GET", "events", params, _FOLLOW) as answer:
                async for line in answer.content:
                    if line.strip():
                        event: Json = json.loads(line)
                        yield event

    async def close(self) -> None:
        if self._docker is not None:
            docker, self._docker = self._docker, None
            await docker.close()

    @contextlib.asynccontextmanager
    async def _request(
        self, method: str, path: str, params: Mapping[str, str], limits: aiohttp.ClientTimeout
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """A raw request, for the answers that the library would decode too strictly."""
        session = self._client.session
        async with session.request(
            method, f"http://localhost/{path}", params=params, timeout=limits
        ) as answer:
            if answer.status >= 400:
                text = await answer.text()
                raise EngineFailed(_message(text), status=answer.status)
            yield answer

    @contextmanager
    def _translated(self, doing: str) -> Iterator[None]:
        try:
            yield
        except DockerError as error:
            if error.status == _NO_CONNECTION:
                raise ServerUnreachable(f"The container engine at {self._socket} does not answer.") from error
            raise EngineFailed(f"{_capital(doing)} failed: {error.message}", status=error.status) from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            reason = str(error) or "not in time"
            raise ServerUnreachable(
                f"The container engine at {self._socket} does not answer: {reason}."
            ) from error
        except ValueError as error:  # No JSON, or no text, where the engine should have sent it.
            raise EngineFailed(f"{_capital(doing)} failed: the engine's answer cannot be read.") from error


class _ignoring:  # noqa: N801 - it reads like contextlib's own
    """Swallows the engine's answer with this status."""

    def __init__(self, status: int) -> None:
        self._status = status

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        return isinstance(error, DockerError) and error.status == self._status


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _pairs(labels: Mapping[str, str]) -> list[str]:
    return [f"{key}={value}" for key, value in labels.items()]


def _message(text: str) -> str:
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text.strip() or "no reason was given"


async def _plain(answer: aiohttp.ClientResponse) -> bytes:
    """All of a stream without frames: one read gives what has arrived, not what will."""
    payload = bytearray()
    while len(payload) < _LOGS_LIMIT and (part := await answer.content.read(_LOGS_LIMIT - len(payload))):
        payload += part
    return bytes(payload)


async def _frames(answer: aiohttp.ClientResponse) -> bytes:
    """The payload of the engine's multiplexed stream: frames of a kind, three zeros, a length and the data."""
    payload = bytearray()
    with contextlib.suppress(asyncio.IncompleteReadError):
        while len(payload) < _LOGS_LIMIT:
            header = await answer.content.readexactly(8)
            payload += await answer.content.readexactly(int.from_bytes(header[4:], "big"))
    return bytes(payload)
