"""What the building of an image reads of Homeport's machine and asks of the server."""

import re
from collections.abc import Iterator
from typing import Any, Final

from homeport.core.policy.mounts import read
from homeport.core.policy.namespaces import network_mode
from homeport.core.policy.paths import reached, read_whole
from homeport.core.policy.values import Found, Ground, Path, as_map, as_text, is_on, items, pairs

_LOCAL_SCHEME: Final = re.compile(r"(?:oci-layout|file)://")
_REMOTE: Final = re.compile(r"(?:https?|git|ssh|docker-image|target)://|service:|git@")
"""How a context begins that no folder of any machine can be meant by: Compose runs where there is none of that name.
That `://` stands in a text says nothing: `/a://../..` is a folder."""
_CACHE_PATH: Final = re.compile(r"(?:^|,)\s*(?:src|dest)=([^,]*)", re.IGNORECASE)
_CACHE_REF: Final = re.compile(r"(?:^|,)\s*(?:ref|bucket|name|url|account_url)=([^,]*)", re.IGNORECASE)
_QUIET_CACHE: Final = re.compile(r"type=(?:inline|local)(?:,|$)")
_ENTITLEMENTS: Final = {"network.host": "host.network", "device": "host.device"}


def build(value: Any, path: Path, ground: Ground) -> Iterator[Found]:
    if not isinstance(value, dict):
        yield from _source(as_text(value), path, ground)
        return
    context = as_text(value.get("context"))
    yield from _source(context, (*path, "context"), ground)
    yield from _dockerfile(as_text(value.get("dockerfile")), context, (*path, "dockerfile"), ground)
    for _, text, place in pairs(value.get("additional_contexts"), (*path, "additional_contexts")):
        yield from _source(text, place, ground)
    yield from _client_powers(value, path, ground)
    yield from _powers(value, path, ground)
    for item, place in items(value.get("tags"), (*path, "tags")):
        yield from tagged(as_text(item), place, ground)


def tagged(image: str, path: Path, ground: Ground) -> Iterator[Found]:
    """A build gives its image a name, and whoever uses that name on the server gets it."""
    if image and not ground.owns(image.rpartition("/")[2]):
        yield Found("host.external", f"image:{image}", path, f"builds what the server then knows as {image}")


def _source(text: str, path: Path, ground: Ground) -> Iterator[Found]:
    if _is_local(text):
        folder = _LOCAL_SCHEME.sub("", text)
        yield from read(folder, path, ground)
        yield from read_whole(folder, path, ground)


def _is_local(context: str) -> bool:
    return _REMOTE.match(context) is None


def _dockerfile(text: str, context: str, path: Path, ground: Ground) -> Iterator[Found]:
    """Its path counts from the context; a plain name is in it, and the context is judged by itself."""
    if "/" in text:
        base = _LOCAL_SCHEME.sub("", context) if _is_local(context) else ""
        yield from read(text if text.startswith("/") or not base else f"{base}/{text}", path, ground)


def _client_powers(value: dict[str, Any], path: Path, ground: Ground) -> Iterator[Found]:
    for key, text, place in pairs(value.get("ssh"), (*path, "ssh")):
        subject = f"ssh {key}={text}" if text else f"ssh {key}"
        yield Found(
            "host.mount", subject, place, "uses SSH keys of Homeport's own machine", is_by_compose=True
        )
    for name in ("cache_from", "cache_to"):
        for item, place in items(value.get(name), (*path, name)):
            # Fields may be quoted, as in any line of CSV.
            text = as_text(item).replace('"', "")
            for found in _CACHE_PATH.findall(text):
                yield from reached(found, place, ground, what="keeps a cache in", is_by_compose=True)
            if name == "cache_to" and not _QUIET_CACHE.match(text):
                ref = _CACHE_REF.search(text)
                subject = f"cache:{ref[1] if ref else text.partition(',')[0]}"
                yield Found(
                    "host.external", subject, place, "keeps a cache elsewhere, with Homeport's passwords"
                )


def _powers(value: dict[str, Any], path: Path, ground: Ground) -> Iterator[Found]:
    component = path[1]
    if is_on(value.get("privileged")):
        yield Found("host.privileged", f"{component} build", (*path, "privileged"), "builds with every power")
    yield from network_mode(value.get("network"), (*path, "network"), ground)
    if isolation := as_text(value.get("isolation")):
        yield Found("host.runtime", f"isolation={isolation}", (*path, "isolation"), "chooses an isolation")
    for item, place in items(value.get("entitlements"), (*path, "entitlements")):
        text = as_text(item)
        grant = _ENTITLEMENTS.get(text.partition("=")[0], "host.privileged")
        yield Found(grant, f"build {text}", place, f"builds with the entitlement {text}")


def secret_names(value: Any) -> set[str]:
    """The top-level secrets that a build is given."""
    given = as_map(value).get("secrets")
    return {
        as_text(as_map(item).get("source") if isinstance(item, dict) else item)
        for item, _ in items(given, ())
    }
