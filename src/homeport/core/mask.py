"""What may be shown of a compose and of a `.env`: their shape, and no secret.

The value of a variable is shown to nobody. What else a compose says in its environment, commands and labels is
shown to those who may read sensitive texts; for others only those settings are open that hold no secrets.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from homeport.core.compose.interpolate import Piece, references, split
from homeport.core.compose.model import Dialect, Variable
from homeport.core.compose.volumes import slug
from homeport.core.needles import MASK, Needles

CHANGED: Final = " (changed)"

Level = Literal["image", "open", "closed"]
"""`image`: variables' values are taken out; `open`: defaults in references too; `closed`: only references stay."""

_OPEN: Final = frozenset({
    "cap_add", "cap_drop", "cgroup", "cgroup_parent", "configs", "container_name", "cpu_count", "cpu_shares", "cpus",
    "cpuset", "depends_on", "deploy", "device_cgroup_rules", "devices", "dns", "dns_search", "domainname", "driver",
    "env_file", "expose", "external", "extra_hosts", "file", "gpus", "group_add", "healthcheck", "hostname", "init",
    "internal", "ipam", "ipc", "isolation", "links", "mac_address", "mem_limit", "mem_reservation", "mem_swappiness",
    "memswap_limit", "name", "network_mode", "networks", "oom_kill_disable", "oom_score_adj", "pid", "pids_limit",
    "platform", "ports", "privileged", "profiles", "pull_policy", "read_only", "restart", "runtime", "scale",
    "secrets", "security_opt", "shm_size", "stdin_open", "stop_grace_period", "stop_signal", "sysctls", "tmpfs", "tty",
    "ulimits", "user", "userns_mode", "uts", "volumes", "volumes_from", "working_dir",
})  # fmt: skip
_CLOSED: Final = frozenset({"content", "driver_opts", "labels", "options", "test"})
"""What is closed also inside of something that is open."""
_PAIRS: Final = frozenset({"args", "environment", "labels"})
_OWN: Final = ("COOLIFY_", "SERVICE_NAME_", "homeport.")
_WORD: Final = re.compile(r"[a-z0-9_.-]{1,16}")
_ENTRY: Final = re.compile(r"""([A-Za-z_][A-Za-z0-9_.-]*)=('[^']*'|"(?:[^"\\]|\\.)*"|[^\n]*)\n""", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """`needles` are the texts that nobody sees; `is_sensitive` says that the reader may see the rest.

    `derived` are the keys of the variables whose values come from domains, which are no secret.
    """

    needles: Needles
    derived: Collection[str] = ()
    dialect: Dialect = "template"
    is_sensitive: bool = False

    @classmethod
    def of(
        cls,
        variables: Iterable[Variable],
        shared: Mapping[str, Mapping[str, str]],
        *,
        dialect: Dialect,
        is_sensitive: bool,
    ) -> "Mask":
        variables = tuple(variables)
        texts = [text for variable in variables for text in _secrets(variable)]
        texts += [
            text for scope in shared.values() for key, text in scope.items() if not key.startswith(_OWN)
        ]
        return cls(
            needles=Needles(form for text in texts for form in _forms(text)),
            derived=frozenset(variable.key for variable in variables if variable.origin == "domain"),
            dialect=dialect,
            is_sensitive=is_sensitive,
        )

    def text(self, text: str) -> str:
        """The text without the values of variables."""
        return self.needles.hide(text)

    def document(
        self, document: Mapping[str, Any], before: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The document as it may be shown. What is hidden and differs in `before` is marked as changed."""
        shown: dict[str, Any] = {}
        for section, entries in document.items():
            were = (before or {}).get(section) or {}
            shown[section] = self._keyed(
                {name: self._map(entry, were.get(name), None) for name, entry in entries.items()}
            )
        return shown

    def _map(self, value: Any, was: Any, level: Level | None, under: str = "") -> Any:
        """`level` None: each key decides. `under` is the key that leads here."""
        if isinstance(value, Mapping):
            were = was if isinstance(was, Mapping) else {}
            return self._keyed(
                {
                    key: self._map(item, were.get(key), self._level(level, key, under), key)
                    for key, item in value.items()
                }
            )
        if isinstance(value, list | tuple):
            old = was if isinstance(was, list | tuple) else ()
            return [
                self._map(item, old[index] if index < len(old) else None, level, under)
                for index, item in enumerate(value)
            ]
        return self._marked(value, was, level or "open", under)

    def _keyed(self, entries: Mapping[str, Any]) -> dict[str, Any]:
        """A key may come from a variable too: the name of a volume does."""
        shown: dict[str, Any] = {}
        for key, value in entries.items():
            name = self.text(key)
            while name in shown:
                name += "*"
            shown[name] = value
        return shown

    def _level(self, level: Level | None, key: str, under: str) -> Level:
        if level is None:
            level = "open" if self.is_sensitive or key in _OPEN else "closed"
            return "image" if key == "image" else level
        if self.is_sensitive:
            return level
        if under in _PAIRS and (key.startswith(_OWN) or key in self.derived):
            return "open"
        return "closed" if key in _CLOSED else level

    def _marked(self, value: Any, was: Any, level: Level, under: str) -> Any:
        shown = self._leaf(value, level, under)
        if was is None or value in (was, shown) or isinstance(was, Mapping | list | tuple):
            return shown
        return f"{shown}{CHANGED}" if self._leaf(was, level, under) == shown else shown

    def _leaf(self, value: Any, level: Level, under: str) -> Any:
        if value is None or value == "":
            return value
        if not isinstance(value, str):
            return MASK if level == "closed" else value
        if level == "image":
            return self.text(value)
        if level == "open":
            return self.text(self._without_defaults(value))
        key, equals, rest = value.partition("=")
        if under in _PAIRS and equals:
            return self.text(value if key.startswith(_OWN) else f"{key}={self._only_references(rest)}")
        return self.text(self._only_references(value))

    def _without_defaults(self, text: str) -> str:
        if "$" not in text:
            return text
        return "".join(self._piece(text, piece) for piece in split(text))

    def _only_references(self, text: str) -> str:
        parts: list[str] = []
        for piece in split(text):
            part = self._piece(text, piece) if piece.kind == "reference" else MASK
            if part != MASK or parts[-1:] != [MASK]:
                parts.append(part)
        return "".join(parts)

    def _piece(self, text: str, piece: Piece) -> str:
        is_message = piece.operator.endswith("?") and self.dialect == "compose"
        if piece.kind != "reference" or not piece.argument or is_message:
            return text[piece.start : piece.end]
        return f"${{{piece.name}{piece.operator}{MASK}}}"


def _secrets(variable: Variable) -> tuple[str, ...]:
    """A default that is a plain word (`postgres`) is hidden where it is a default and not wherever the word stands."""
    value = variable.value
    if not value or variable.origin == "domain":
        return ()
    if variable.origin == "template" and (_WORD.fullmatch(value) or references(value)):
        return ()
    is_reference = [piece.kind for piece in split(value)] == ["reference"] and not references(value)[
        0
    ].argument
    return () if is_reference else (value,)


def _forms(text: str) -> tuple[str, ...]:
    """How a value looks in a compose: as it is, with its dollars escaped, as the name of a volume."""
    bare = text.strip()
    return text, bare, text.replace("$", "$$"), bare.replace("$", "$$"), slug(text)


def dotenv_entries(text: str) -> dict[str, str]:
    """The variables in a `.env` that `core.dotenv` wrote, each with its value as it stands there."""
    return {matched[1]: matched[2] for matched in _ENTRY.finditer(text)}


def masked_dotenv(text: str, before: str | None = None) -> str:
    """The `.env` without any value; `KEY=*** (changed)` for one that `before` has with another value."""
    old = dotenv_entries(before or "")
    return "".join(
        f"{key}={MASK}{CHANGED if old.get(key, value) != value else ''}\n"
        for key, value in dotenv_entries(text).items()
    )
