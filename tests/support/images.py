"""Images for tests, built from files of this machine: nothing is pulled."""

import hashlib
import io
import json
import subprocess
import tarfile
from functools import cache
from pathlib import Path

from tests.support.engine import ask, ask_json, ensure_engine

BUSYBOX_IMAGE = "homeport-test/busybox:local"
_BUSYBOX = Path("/bin/busybox")
_CONTENT_LABEL = "homeport-test.content"
_DOCKERFILE = """\
FROM scratch
COPY rootfs /
ENV PATH=/bin
LABEL {label}={content}
CMD ["sh"]
"""
_FILES = {
    "etc/passwd": b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n",
    "etc/group": b"root:x:0:\nnogroup:x:65534:\n",
    "www/index.html": b"busybox\n",
}
_FOLDERS = ("bin", "etc", "root", "tmp", "var", "www")


@cache
def busybox_image() -> str:
    """The tag of an image with a shell and BusyBox's tools (httpd, nc, wget...), built once per engine."""
    ensure_engine()
    if not _BUSYBOX.exists():
        raise FileNotFoundError("/bin/busybox is missing: bin/setup --for-tests installs busybox-static")
    content = hashlib.sha256(_BUSYBOX.read_bytes() + _DOCKERFILE.encode()).hexdigest()
    known = ask_json("GET", f"/images/{BUSYBOX_IMAGE}/json")
    if known is None or (known["Config"]["Labels"] or {}).get(_CONTENT_LABEL) != content:
        build_image(BUSYBOX_IMAGE, _busybox_context(content))
    return BUSYBOX_IMAGE


def build_image(tag: str, context: bytes) -> None:
    """Build a tar archive with a Dockerfile. Raises RuntimeError with the builder's words."""
    status, answer = ask(
        "POST", f"/build?t={tag}&forcerm=1&networkmode=none", context, content_type="application/x-tar"
    )
    events = [json.loads(line) for line in answer.splitlines() if line.strip()]
    errors = [event.get("error") or event.get("message") for event in events]
    if status != 200 or any(errors):
        raise RuntimeError(f"building {tag}: {'; '.join(filter(None, errors)) or status}")


def _busybox_context(content: str) -> bytes:
    applets = subprocess.run([_BUSYBOX, "--list"], capture_output=True, text=True, check=True).stdout.split()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        dockerfile = _DOCKERFILE.format(label=_CONTENT_LABEL, content=content)
        _add_file(archive, "Dockerfile", dockerfile.encode())
        for folder in _FOLDERS:
            entry = tarfile.TarInfo(f"rootfs/{folder}")
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
            archive.addfile(entry)
        for path, text in _FILES.items():
            _add_file(archive, f"rootfs/{path}", text)
        _add_file(archive, "rootfs/bin/busybox", _BUSYBOX.read_bytes(), mode=0o755)
        for applet in applets:
            entry = tarfile.TarInfo(f"rootfs/bin/{applet}")
            entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
            if applet != "busybox":
                archive.addfile(entry)
    return buffer.getvalue()


def _add_file(archive: tarfile.TarFile, path: str, content: bytes, *, mode: int = 0o644) -> None:
    entry = tarfile.TarInfo(path)
    entry.size, entry.mode = len(content), mode
    archive.addfile(entry, io.BytesIO(content))
