"""Who could put a link where a revision is about to mount from."""

import re
from typing import Final

from homeport.core.observed import Container, Observed
from homeport.core.revision import Snapshot

_BUILD: Final = re.compile(r"^ {4}build:", re.MULTILINE)
"""As `core.compose.dump` writes the key of a component. Where a text of several lines has such a line, somebody is
stopped in vain."""


def stale_writers(snapshot: Snapshot, seen: Observed) -> tuple[Container, ...]:
    """The running containers of an earlier revision that may write to a folder above one that this revision mounts.

    What this revision's own containers may write was judged. These are to be made anew or to go, and until then they
    could make a link between the look at the files and the mount, or while an image is built.
    """
    start = f"{snapshot.folder}/"
    mounted = [file.path for file in snapshot.files if file.path.startswith(start)]
    is_built = _BUILD.search(snapshot.compose) is not None
    return tuple(
        item
        for item in seen.containers
        if item.state in ("running", "restarting", "paused")
        and item.revision != snapshot.marks.get(item.component, ("", None))[1]
        and any(
            (is_built and f"{written}/".startswith(start))
            or any(path.startswith(f"{written}/") for path in mounted)
            for written in item.writes
        )
    )
