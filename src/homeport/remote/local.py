"""The Host for the machine that Homeport itself runs on."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from homeport.core.commands import Command, HostFile, OnLine, Output
from homeport.remote.admin import request_admin
from homeport.remote.engine import AiodockerEngine
from homeport.remote.files import remove_folder, write_files
from homeport.remote.process import PATH, run_process

PROXY_FOLDER: Final = "proxy"
ADMIN_SOCKET: Final = "run/admin.sock"


class LocalHost:
    """`root` is the server root, `socket` the engine's; `compose` are the first words of a Compose call.

    `docker_config` is the folder with the registries' credentials: the user's own by default.
    `proxy_folder` is where below the root the proxy keeps its socket.
    """

    is_local = True

    def __init__(
        self,
        *,
        root: str,
        socket: str,
        compose: tuple[str, ...],
        name: str = "localhost",
        docker_config: str | None = None,
        proxy_folder: str = PROXY_FOLDER,
    ) -> None:
        self.name = name
        self.compose = compose
        self.engine_socket = socket
        self._root = root
        self._docker_config = docker_config or _own_docker_config()
        self._admin = f"{root}/{proxy_folder}/{ADMIN_SOCKET}"
        self._engine = AiodockerEngine(socket)

    @property
    def engine(self) -> AiodockerEngine:
        return self._engine

    @property
    def engine_env(self) -> Mapping[str, str]:
        env = {"DOCKER_HOST": f"unix://{self.engine_socket}"}
        return env | ({"DOCKER_CONFIG": self._docker_config} if self._docker_config else {})

    async def run(self, command: Command, *, on_line: OnLine | None = None) -> Output:
        env = dict(command.env)
        if not command.is_env_exact:
            env = {"PATH": PATH, "HOME": str(Path.home())} | env
        return await run_process(command, on_line=on_line, env=env)

    async def write_files(self, folder: str, files: Sequence[HostFile]) -> None:
        await asyncio.to_thread(write_files, self._root, folder, files)

    async def remove_folder(self, folder: str) -> None:
        await asyncio.to_thread(remove_folder, self._root, folder)

    async def proxy_request(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        return await request_admin(self._admin, method, path, body)

    async def close(self) -> None:
        await self._engine.close()


def _own_docker_config() -> str | None:
    folder = os.environ.get("DOCKER_CONFIG") or str(Path.home() / ".docker")
    return folder if Path(folder, "config.json").is_file() else None
