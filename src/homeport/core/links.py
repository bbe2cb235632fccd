"""Who could put a link where a revision is about to mount from."""

from homeport.core.observed import Container, Observed
from homeport.core.revision import Snapshot


def stale_writers(snapshot: Snapshot, seen: Observed) -> tuple[Container, ...]:
    """The running containers of an earlier revision that may write to a folder above one that this revision mounts.

    What this revision's own containers may write was judged. These are to be made anew or to go, and until then they
    could make a link between the look at the files and the mount.
    """
    start = f"{snapshot.folder}/"
    mounted = [file.path for file in snapshot.files if file.path.startswith(start)]
    return tuple(
        item
        for item in seen.containers
        if item.state in ("running", "restarting", "paused")
        and item.revision != snapshot.marks.get(item.component, ("", None))[1]
        and any(path.startswith(f"{written}/") for written in item.writes for path in mounted)
    )
