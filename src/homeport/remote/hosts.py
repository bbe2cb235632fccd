"""Opens servers, and keeps them open."""

from typing import Protocol

from homeport.core.commands import Host
from homeport.errors import ServerUnreachable
from homeport.remote.compose_cli import find_compose
from homeport.remote.local import LocalHost


class ServerRow(Protocol):
    """The columns of a server that say how to reach it."""

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...


class Hosts:
    """One Host per server, made when it is first asked for. `root` is the server root and `socket` the
    engine's, both of the machine that Homeport runs on."""

    def __init__(self, *, root: str, socket: str) -> None:
        self._root = root
        self._socket = socket
        self._hosts: dict[int, Host] = {}

    async def open(self, server: ServerRow, /) -> Host:
        """Raises ServerUnreachable, SettingsInvalid."""
        if server.id not in self._hosts:
            self._hosts[server.id] = self._open(server)
        return self._hosts[server.id]

    def _open(self, server: ServerRow) -> Host:
        if server.kind != "local":
            raise ServerUnreachable(
                f"{server.name} cannot be reached: only the machine itself is a server so far."
            )
        return LocalHost(name=server.name, root=self._root, socket=self._socket, compose=find_compose())

    async def forget(self, server_id: int) -> None:
        """Close a server that was changed or removed."""
        host = self._hosts.pop(server_id, None)
        if host is not None:
            await host.close()

    async def close(self) -> None:
        for server_id in list(self._hosts):
            await self.forget(server_id)
