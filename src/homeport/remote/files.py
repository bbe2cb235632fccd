"""Writing below a folder of the server root, and nowhere else.

Containers write into these folders too, so nothing in them is trusted: every part of a path is opened
from the one before without following links. A file appears whole or not at all.
"""

import contextlib
import os
import secrets
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from homeport.core.commands import HostFile
from homeport.errors import CommandFailed

FOLDER_MODE = 0o700
PARENT_MODE = 0o755
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def write_files(root: str, folder: str, files: Sequence[HostFile]) -> None:
    """Write the files below `folder`, which is made if it is missing. Raises CommandFailed.

    A folder where a file belongs is an error and stays untouched, and so does a file in a folder's place, unless
    which of them belongs there is only guessed: then what is there is right.
    """
    with _failing(f"writing to {folder}"), _opened(root, folder, mode=FOLDER_MODE) as base:
        for file in files:
            _write(base, folder, file)
        os.fsync(base)


def remove_folder(root: str, folder: str) -> None:
    """Remove a folder below the root with all it holds. Does nothing when it is not there."""
    parts = _parts(root, folder)
    parent, name = str(PurePosixPath(root, *parts[:-1])), parts[-1]
    with _failing(f"removing {folder}"), contextlib.suppress(FileNotFoundError):
        if not parts[:-1]:
            with _root(root) as base:
                shutil.rmtree(name, dir_fd=base)
            return
        with _opened(root, parent) as base:
            shutil.rmtree(name, dir_fd=base)


def _write(base: int, folder: str, file: HostFile) -> None:
    parts = _relative(file.path)
    if file.is_brought:
        _refuse_links(base, folder, file.path)
        return
    with _walk(base, parts[:-1], PARENT_MODE) as parent:
        name = parts[-1]
        found = _find(parent, name)
        if found is not None and file.content is None and stat.S_ISLNK(found.st_mode):
            raise _link(folder, file.path)
        if found is not None and file.content is None and file.is_guessed:
            return
        if file.is_directory:
            if found is not None and not stat.S_ISDIR(found.st_mode):
                raise CommandFailed(f"{folder}/{file.path} is a file, and a folder belongs there.")
            if found is None:
                _make_folder(parent, name, _searchable(file.mode))
            return
        if found is not None and stat.S_ISDIR(found.st_mode):
            raise CommandFailed(
                f"{folder}/{file.path} is a folder, and a file belongs there. It was left as it is."
            )
        if file.content is None and found is not None:
            return
        content = file.content or b""
        if found is None or not _is_same(parent, name, content, file.mode):
            _replace(parent, name, content, file.mode)


def _refuse_links(base: int, folder: str, path: str) -> None:
    """Raise CommandFailed when a link is on the way to a path; what is not there yet is no link."""
    parts = _relative(path)
    with contextlib.suppress(FileNotFoundError), _walk(base, parts[:-1], None) as parent:
        found = _find(parent, parts[-1])
        if found is not None and stat.S_ISLNK(found.st_mode):
            raise _link(folder, path)


def _link(folder: str, path: str) -> CommandFailed:
    """A container that may write here could have an engine mount what it likes."""
    return CommandFailed(f"{folder}/{path} is a link, and links are not mounted.")


def _replace(parent: int, name: str, content: bytes, mode: int) -> None:
    temporary = f".{name[:200]}.{secrets.token_hex(6)}.tmp"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o600, dir_fd=parent)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.rename(temporary, name, src_dir_fd=parent, dst_dir_fd=parent)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=parent)
        raise


def _is_same(parent: int, name: str, content: bytes, mode: int) -> bool:
    """Whether nothing would change: then the file keeps its inode, which containers may have mounted."""
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent)
    except OSError:
        return False
    with open(descriptor, "rb") as file:
        found = os.fstat(file.fileno())
        is_alike = stat.S_ISREG(found.st_mode) and found.st_size == len(content)
        return is_alike and stat.S_IMODE(found.st_mode) == mode and file.read() == content


def _find(parent: int, name: str) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _make_folder(parent: int, name: str, mode: int) -> None:
    with contextlib.suppress(FileExistsError):  # Two deployments may prepare the same folder.
        os.mkdir(name, FOLDER_MODE, dir_fd=parent)
    # mkdir's mode is cut by the process's umask. What is there now may also be a container's link.
    descriptor = os.open(name, _FOLDER_FLAGS, dir_fd=parent)
    try:
        os.fchmod(descriptor, mode)
    finally:
        os.close(descriptor)


def _searchable(mode: int) -> int:
    """A folder's mode from a file's: who may read may also enter."""
    return mode | (mode & 0o444) >> 2


@contextmanager
def _opened(root: str, folder: str, *, mode: int | None = None) -> Iterator[int]:
    """A descriptor of the folder. With a mode, it is made when it is missing (what leads to it as 0755)."""
    parts = _parts(root, folder)
    with (
        _root(root) as base,
        _walk(base, parts[:-1], None if mode is None else PARENT_MODE) as parent,
        _walk(parent, parts[-1:], mode) as descriptor,
    ):
        yield descriptor


@contextmanager
def _root(root: str) -> Iterator[int]:
    Path(root).mkdir(FOLDER_MODE, parents=True, exist_ok=True)
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _walk(base: int, parts: Sequence[str], mode: int | None) -> Iterator[int]:
    descriptor = os.dup(base)
    try:
        for part in parts:
            if mode is not None and _find(descriptor, part) is None:
                _make_folder(descriptor, part, mode)
            deeper = os.open(part, _FOLDER_FLAGS, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = deeper
        yield descriptor
    finally:
        os.close(descriptor)


def _parts(root: str, folder: str) -> tuple[str, ...]:
    """What leads from the root to the folder; at least one name."""
    path = PurePosixPath(folder)
    if ".." in path.parts or not path.is_relative_to(root) or path == PurePosixPath(root):
        raise CommandFailed(f"{folder} is not a folder below {root}.")
    return path.relative_to(root).parts


def _relative(path: str) -> tuple[str, ...]:
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\0" in path:
        raise CommandFailed(f"{path!r} does not stay in its folder.")
    return parts


@contextmanager
def _failing(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = (
            "a link is in the way" if error.errno == 40 else error.strerror
        )  # ELOOP, where links are refused
        raise CommandFailed(
            f"{what} failed: {error.filename or ''}: {reason}.".replace(": :", ":")
        ) from error
