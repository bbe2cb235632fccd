"""Binds of files, and what keeps a container engine from making a folder in a file's place.

An engine that does not find the source of a bind makes a folder there, whatever was meant. So what is
meant has to be known beforehand: a file with content is one, `is_directory` says it, and else the names at both
ends tell. A file is then mounted with `create_host_path: false`, which makes the engine refuse instead; folders
are left to it, because that it makes them is what people rely on.
"""

from collections.abc import Mapping
from typing import Any, Final

from homeport.core.compose.interpolate import escape, escape_text
from homeport.core.compose.mounts import Mount

_SUFFIXES: Final = frozenset({
    "bash", "cer", "cert", "cfg", "cnf", "conf", "config", "crt", "cron", "csv", "db", "der", "env", "hcl",
    "htm", "html", "htpasswd", "ini", "jar", "js", "json", "json5", "jsonc", "key", "keystore", "log",
    "lua", "md", "mjs", "p12", "pem", "pfx", "php", "pid", "properties", "ps1", "pub", "py", "rb", "rules",
    "sh", "sql", "sqlite", "sqlite3", "tmpl", "toml", "tpl", "ts", "txt", "vcl", "xml", "yaml", "yml",
    "zip",
})  # fmt: skip
_NAMES: Final = frozenset({
    ".bashrc", ".env", ".gitconfig", ".htaccess", ".htpasswd", ".my.cnf", ".netrc", ".npmrc", ".pgpass",
    ".profile", "authorized_keys", "caddyfile", "corefile", "crontab", "dockerfile", "fstab", "group",
    "hostname", "hosts", "htpasswd", "id_ecdsa", "id_ed25519", "id_rsa", "known_hosts", "localtime",
    "lsb-release", "machine-id", "makefile", "mtab", "os-release", "passwd", "procfile", "shadow", "subgid",
    "subuid", "timezone",
})  # fmt: skip
_SOCKETS: Final = frozenset({"sock", "socket"})
_PROPAGATIONS: Final = frozenset({"private", "rprivate", "rshared", "rslave", "shared", "slave"})
_CONSISTENCIES: Final = frozenset({"cached", "consistent", "delegated"})


def is_file(mount: Mount) -> bool:
    """Whether a bind inside of the service's folder is a file where the document does not say it: if the names
    at both ends are such as files have. An empty file is made then, so both must agree."""
    return _is_file_name(mount.source or "") and _is_file_name(mount.target)


def is_never_a_folder(mount: Mount) -> bool:
    """Whether nothing may be made where a bind's absolute source is missing: one end is called as a file or a
    socket is."""
    return any(_is_file_name(end) or _suffix(end) in _SOCKETS for end in (mount.source or "", mount.target))


def is_brought(mount: Mount) -> bool:
    """Whether someone else puts the source there, and nobody is to make it: a socket, or what the document says
    it of."""
    options = (mount.definition or {}).get("bind")
    is_expected = isinstance(options, Mapping) and options.get("create_host_path") in (False, "false")
    return is_expected or _suffix(mount.source or "") in _SOCKETS


def guarded(mount: Mount, path: str) -> Any | None:
    """The entry of a bind that the engine refuses when `path` is missing; None where that cannot be written.

    What the document says about `create_host_path` stands. A label of SELinux (`z`, `Z`) and a guard exclude
    each other: Compose mounts what is guarded in another way, which loses the label.
    """
    if mount.definition is None:
        return _from_short(mount, path)
    options = mount.definition.get("bind") or {}
    if not isinstance(options, Mapping) or "selinux" in options:
        return None
    return {**mount.written(path), "bind": {"create_host_path": False, **options}}


def _from_short(mount: Mount, path: str) -> dict[str, Any] | None:
    """The long form of a short bind; None for a mode that has no place there."""
    entry: dict[str, Any] = {"type": "bind", "source": escape(path), "target": escape_text(mount.target)}
    options: dict[str, Any] = {"create_host_path": False}
    for word in mount.mode.split(",") if mount.mode else ():
        if word == "ro":
            entry["read_only"] = True
        elif word in _PROPAGATIONS:
            options["propagation"] = word
        elif word in _CONSISTENCIES:
            entry["consistency"] = word
        elif word != "rw":
            return None
    return {**entry, "bind": options}


def _is_file_name(path: str) -> bool:
    """A slash at the end says that it is a folder."""
    return _name(path) in _NAMES or _suffix(path) in _SUFFIXES


def _suffix(path: str) -> str:
    """What follows the last dot of a name that has something before it."""
    stem, _, suffix = _name(path).rpartition(".")
    return suffix if stem else ""


def _name(path: str) -> str:
    return path.rpartition("/")[2].lower()
