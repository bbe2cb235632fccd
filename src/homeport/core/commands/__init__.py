"""Commands as values, and the one way to reach a server.

A `Command` is an argument list; nothing here is ever text for a shell. A `Host` is the only
server I/O in the program: its engine, its files, a command on it. The Hosts live in `remote/`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program and its arguments. `env` is the whole environment of the process beside PATH and HOME;
    with `is_env_exact` it is the whole environment, so that Compose interpolates nothing of ours."""

    argv: tuple[str, ...]
    stdin: bytes | None = None
    timeout_s: float = 60.0
    env: Mapping[str, str] = field(default_factory=dict)
    is_env_exact: bool = False

    def __str__(self) -> str:
        return " ".join(self.argv)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a command's output, without its line end."""

    stream: Literal["out", "err"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """How a command ended. `exit_code` is None when it was killed: by its time limit or by `cancelled`."""

    exit_code: int | None
    stdout: str = ""
    stderr: str = ""
    is_cancelled: bool = False

    @property
    def is_ok(self) -> bool:
        return self.exit_code == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFile:
    """A file to write, relative to the folder given to `Host.write_files`. `content` None: only if it is missing.

    `is_guessed`: file and folder are both right; what lies there stays. `is_brought`: somebody else puts it
    there, and only that no link leads to it is seen to.
    """

    path: str
    content: bytes | None = None
    mode: int = 0o644
    is_directory: bool = False
    is_guessed: bool = False
    is_brought: bool = False


OnLine = Callable[[Line], Awaitable[None]]
Json = dict[str, Any]


class Engine(Protocol):
    """A container engine over its HTTP API, as far as Homeport needs it. Answers are the engine's own JSON;
    `core.observed` reads them. Raises EngineFailed, ServerUnreachable."""

    async def version(self) -> Json: ...
    async def info(self) -> Json: ...
    async def running(self) -> list[Json]:
        """The short documents (with labels and published ports) of all running containers, whoever made them."""
        ...

    async def containers(self, labels: Mapping[str, str]) -> list[Json]:
        """The inspect documents of all containers, running or not, that carry the labels."""
        ...

    async def find_container(self, name: str) -> Json | None: ...
    async def stop_container(self, name: str, timeout_s: int | None = None) -> None: ...
    async def remove_container(self, name: str, *, force: bool = False) -> None: ...
    async def restart_container(self, name: str, timeout_s: int | None = None) -> None: ...
    async def create_container(self, name: str, config: Json) -> None: ...
    async def start_container(self, name: str) -> None: ...
    async def logs(self, name: str, *, lines: int, timestamps: bool = False) -> str: ...
    async def ensure_network(self, name: str, *, labels: Mapping[str, str]) -> None: ...
    async def networks(self, labels: Mapping[str, str]) -> list[str]: ...
    async def connect_network(self, network: str, container: str, aliases: Sequence[str] = ()) -> None:
        """Does nothing when the container is connected already."""
        ...

    async def disconnect_network(self, network: str, container: str) -> None: ...
    async def remove_network(self, name: str) -> None: ...
    async def volumes(self, labels: Mapping[str, str]) -> list[str]: ...
    async def remove_volume(self, name: str) -> None: ...
    async def find_image(self, reference: str) -> Json | None: ...
    async def build_image(self, tag: str, context: bytes) -> None:
        """Build from a tar archive with a Dockerfile."""
        ...

    async def tag_image(self, reference: str, tag: str) -> None: ...

    def events(self, filters: Mapping[str, Sequence[str]]) -> AsyncIterator[Json]: ...


class Host(Protocol):
    """One server. Raises ServerUnreachable; a command that fails does not raise, its Output says so."""

    name: str
    is_local: bool

    @property
    def engine(self) -> Engine: ...

    @property
    def engine_socket(self) -> str:
        """The path, on the machine that Homeport runs on, of a unix socket that leads to the engine."""
        ...

    @property
    def compose(self) -> tuple[str, ...]:
        """How to call Compose beside Homeport: the first words of the argument list."""
        ...

    @property
    def engine_env(self) -> Mapping[str, str]:
        """What a process needs in its environment to reach the engine: DOCKER_HOST, DOCKER_CONFIG."""
        ...

    async def run(self, command: Command, *, on_line: OnLine | None = None) -> Output:
        """Run beside Homeport, against the server's engine. Cancelling the task kills the whole process group."""
        ...

    async def write_files(self, folder: str, files: Sequence[HostFile]) -> None:
        """Write all files below `folder` on the server; each appears whole or not at all (temporary name, rename)."""
        ...

    async def remove_folder(self, folder: str) -> None:
        """Remove a folder of the server root with all it holds; nothing outside the root, no link followed."""
        ...

    async def proxy_request(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """Call the proxy's admin API. Raises ProxyFailed when it does not answer."""
        ...

    async def close(self) -> None: ...
