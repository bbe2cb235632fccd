"""The powers over a server that a compose can ask for, and which asks nobody has answered."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

READ_ONLY: Final = ":ro"
"""Ends the subject of a path that is only read: that it may be read does not let it be written."""

GRANTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "host.mount": "Read, and unless it ends with :ro write, files of the server outside of the service's folder.",
        "host.docker_socket": "Command the container engine of the server, and with it the whole server.",
        "host.privileged": "Run a container, a build or a hook with every power of the server's root.",
        "host.capabilities": "Give a container Linux capabilities that the engine withholds by default.",
        "host.security": "Change the security profile of a container (seccomp, AppArmor, SELinux).",
        "host.device": "Use devices of the server, such as disks, GPUs and serial ports.",
        "host.network": "Be on the server's own network, or change how the server routes.",
        "host.namespace": "Share processes, memory, users or names with the server or with foreign containers.",
        "host.sysctl": "Set kernel parameters for a container.",
        "host.runtime": "Choose how the engine runs a container: its runtime, its annotations or its control group.",
        "host.volume": "Make volumes that mount a device, a folder or a share of the server's choosing.",
        "host.external": "Use networks, volumes, containers and images that do not belong to the service.",
        "proxy.labels": "Route hosts to a container by labels that the server's proxy obeys.",
    }
)
"""Every grant, with a sentence that says what it allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One power that a compose asks for.

    `subject` says what exactly (`/var/log`, `SYS_ADMIN`): the same for the same thing however it is
    spelled, and never a secret. `line` counts from 1; None when the text is not the user's.
    """

    grant: str
    subject: str
    place: str
    line: int | None
    message: str

    @property
    def key(self) -> str:
        """How an approval of this alone is stored: `host.mount /var/log`."""
        return f"{self.grant} {self.subject}"


def allowed(asks: Iterable[Ask], *, granted: Collection[str], approved: Collection[str]) -> tuple[Ask, ...]:
    """The asks that nobody has answered: their grant is not in `granted` and their key is not in `approved`.

    Who may write a path may read it.
    """
    return tuple(
        ask
        for ask in asks
        if ask.grant not in granted
        and ask.key not in approved
        and not (ask.key.endswith(READ_ONLY) and ask.key.removesuffix(READ_ONLY) in approved)
    )
