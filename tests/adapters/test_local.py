import asyncio
import os
import stat
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from homeport.core.commands import Command, HostFile, Line
from homeport.errors import CommandFailed
from homeport.remote.local import LocalHost
from homeport.remote.process import LINE_LIMIT, LineSplitter


@pytest.fixture
def host(tmp_path: Path) -> LocalHost:
    return LocalHost(root=str(tmp_path / "root"), socket="/nowhere.sock", compose=("docker", "compose"))


def python(code: str, *, timeout_s: float = 20, stdin: bytes | None = None) -> Command:
    return Command(argv=(sys.executable, "-c", code), timeout_s=timeout_s, stdin=stdin)


def collector() -> tuple[list[Line], Callable[[Line], Awaitable[None]]]:
    lines: list[Line] = []

    async def collect(line: Line) -> None:
        lines.append(line)

    return lines, collect


def is_alive(pid: int) -> bool:
    """A zombie has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def is_gone(pid: int) -> bool:
    """Whether the process ends within a few seconds."""
    for _ in range(500):
        if not is_alive(pid):
            return True
        await asyncio.sleep(0.01)
    return False


async def test_output_and_exit_code(host: LocalHost) -> None:
    lines, collect = collector()
    output = await host.run(
        python("import sys; print('a'); print('b', file=sys.stderr); sys.exit(3)"), on_line=collect
    )
    assert (output.exit_code, output.stdout, output.stderr, output.is_ok) == (3, "a", "b", False)
    assert sorted(lines, key=lambda line: line.stream) == [Line("err", "b"), Line("out", "a")]


async def test_stdin_is_fed_and_closed(host: LocalHost) -> None:
    output = await host.run(python("import sys; print(len(sys.stdin.read()))", stdin=b"x" * 200_000))
    assert output.stdout == "200000"
    assert (await host.run(python("pass", stdin=b"x" * 2_000_000))).is_ok


async def test_without_stdin_nobody_waits_for_it(host: LocalHost) -> None:
    assert (await host.run(python("import sys; print(repr(sys.stdin.read()))"))).stdout == "''"


async def test_the_environment_is_exactly_what_the_command_says(
    host: LocalHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOMEPORT_SECRET_KEY", "never")
    code = "import os; print(sorted(k for k in os.environ if k != 'LC_CTYPE'))"
    assert (await host.run(python(code))).stdout == "['HOME', 'PATH']"
    exact = Command(argv=(sys.executable, "-c", code), env={"A": "1"}, is_env_exact=True)
    assert (await host.run(exact)).stdout == "['A']"


async def test_lines_come_while_the_program_runs(host: LocalHost, tmp_path: Path) -> None:
    flag = tmp_path / "seen"

    async def touch(line: Line) -> None:
        flag.touch()

    code = f"import os, time\nprint('now', flush=True)\nwhile not os.path.exists({str(flag)!r}): time.sleep(0.01)"
    assert (await host.run(python(code), on_line=touch)).is_ok


async def test_what_is_no_text_does_no_harm(host: LocalHost) -> None:
    code = r"import sys; sys.stdout.buffer.write(b'10%\r50%\r\r100%\r\n\xff\xfe bad\n\n' + b'x' * 300000 + b'\nend')"
    output = await host.run(python(code))
    assert output.stdout.split("\n") == [
        "10%",
        "50%",
        "100%",
        "\ufffd\ufffd bad",
        "x" * LINE_LIMIT + " [cut]",
        "end",
    ]


def test_a_line_that_comes_in_pieces() -> None:
    splitter = LineSplitter()
    assert splitter.feed("über".encode()[:1]) == []
    assert splitter.feed("über".encode()[1:] + b" alles\nrest") == ["über alles"]
    assert splitter.feed(b"x" * LINE_LIMIT * 2) == ["rest" + "x" * (LINE_LIMIT - 4) + " [cut]"]
    assert splitter.feed(b"x" * LINE_LIMIT * 2) == []
    assert splitter.feed(b"dropped\nnext\n") == ["next"]
    assert splitter.end() == []


async def test_a_flood_is_bounded(host: LocalHost) -> None:
    output = await host.run(python("print(('y' * 1000 + '\\n') * 20000, end='')"))
    assert 3_900_000 < len(output.stdout) <= 4 * 1024 * 1024


async def test_the_time_limit_kills_the_whole_group(host: LocalHost, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    code = (
        "import os, subprocess, time\n"
        "child = subprocess.Popen(['sleep', '300'])\n"
        f"open({str(pids)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        "print('waiting', flush=True)\ntime.sleep(300)"
    )
    output = await host.run(python(code, timeout_s=1))
    assert (output.exit_code, output.stdout) == (None, "waiting")
    assert output.stderr == "stopped after its time limit of 1 s"
    assert all([await is_gone(int(pid)) for pid in pids.read_text().split()])


async def test_cancelling_kills_the_whole_group(host: LocalHost, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    started = asyncio.Event()

    async def note(line: Line) -> None:
        pids.write_text(line.text)
        started.set()

    code = (
        "import os, subprocess, time\nchild = subprocess.Popen(['sleep', '300'])\n"
        "print(os.getpid(), child.pid, flush=True)\ntime.sleep(300)"
    )
    task = asyncio.create_task(host.run(python(code, timeout_s=60), on_line=note))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert all([await is_gone(int(pid)) for pid in pids.read_text().split()])


async def test_a_program_that_ignores_the_request_to_end_is_killed(host: LocalHost) -> None:
    code = (
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('deaf', flush=True)\ntime.sleep(300)"
    )
    begun = time.monotonic()
    assert (await host.run(python(code, timeout_s=1))).exit_code is None
    assert time.monotonic() - begun < 10


async def test_an_error_of_the_reader_kills_the_program(host: LocalHost) -> None:
    async def refuse(line: Line) -> None:
        raise ValueError(line.text)

    with pytest.raises(ValueError, match="12"):
        await host.run(python("import time; print(12, flush=True); time.sleep(300)"), on_line=refuse)


@pytest.mark.parametrize("leaves_group", [False, True])
async def test_a_child_that_stays_does_not_hold_the_answer(host: LocalHost, leaves_group: bool) -> None:
    code = (
        "import subprocess\n"
        f"child = subprocess.Popen(['sleep', '20'], start_new_session={leaves_group})\nprint(child.pid, flush=True)"
    )
    begun = time.monotonic()
    output = await host.run(python(code))
    assert output.exit_code == 0
    assert time.monotonic() - begun < 8
    if leaves_group:
        os.kill(int(output.stdout), 9)
    else:
        assert await is_gone(int(output.stdout))


async def test_a_program_that_is_not_there(host: LocalHost) -> None:
    with pytest.raises(CommandFailed, match="cannot be started"):
        await host.run(Command(argv=("/nowhere/program",)))


FOLDER = "services/u1"


def folder(host: LocalHost) -> Path:
    return Path(host._root) / FOLDER


async def write(host: LocalHost, *files: HostFile) -> None:
    await host.write_files(str(folder(host)), files)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


async def test_files_and_folders_get_their_modes(host: LocalHost) -> None:
    old = os.umask(0o077)
    try:
        await write(
            host,
            HostFile(path="docker-compose.yml", content=b"services: {}\n"),
            HostFile(path=".env", content=b"A=1\n", mode=0o600),
            HostFile(path="conf/deep/run.sh", content=b"#!/bin/sh\n", mode=0o755),
            HostFile(path="data", is_directory=True),
            HostFile(path="empty.txt"),
        )
    finally:
        os.umask(old)
    base = folder(host)
    assert {str(path.relative_to(base)): oct(mode(path)) for path in base.rglob("*")} == {
        ".env": "0o600",
        "conf": "0o755",
        "conf/deep": "0o755",
        "conf/deep/run.sh": "0o755",
        "data": "0o755",
        "docker-compose.yml": "0o644",
        "empty.txt": "0o644",
    }
    assert mode(base) == 0o700
    assert (base / ".env").read_bytes() == b"A=1\n"


async def test_a_file_is_replaced_whole_and_an_unchanged_one_keeps_its_inode(host: LocalHost) -> None:
    await write(host, HostFile(path="a", content=b"1"))
    before = (folder(host) / "a").stat().st_ino
    await write(host, HostFile(path="a", content=b"1"))
    assert (folder(host) / "a").stat().st_ino == before
    with (folder(host) / "a").open("rb") as reader:
        await write(host, HostFile(path="a", content=b"22"))
        assert reader.read() == b"1"
    assert (folder(host) / "a").read_bytes() == b"22"
    await write(host, HostFile(path="a", content=b"22", mode=0o600))
    assert mode(folder(host) / "a") == 0o600
    assert [path.name for path in folder(host).iterdir()] == ["a"]


async def test_content_none_leaves_what_is_there(host: LocalHost) -> None:
    await write(host, HostFile(path="a", content=b"mine"))
    await write(host, HostFile(path="a"))
    assert (folder(host) / "a").read_bytes() == b"mine"


async def test_a_folder_in_a_files_place_stays(host: LocalHost) -> None:
    await write(host, HostFile(path="data/db", content=b"precious"))
    with pytest.raises(CommandFailed, match="is a folder, and a file belongs there"):
        await write(host, HostFile(path="data", content=b"x"))
    with pytest.raises(CommandFailed, match="is a folder"):
        await write(host, HostFile(path="data"))
    with pytest.raises(CommandFailed, match="is a file, and a folder belongs there"):
        await write(host, HostFile(path="data/db", is_directory=True))
    assert (folder(host) / "data/db").read_bytes() == b"precious"


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "", ".", "a\0b"])
async def test_a_path_that_leaves_the_folder_is_refused(host: LocalHost, path: str) -> None:
    with pytest.raises(CommandFailed):
        await write(host, HostFile(path=path, content=b"x"))


@pytest.mark.parametrize("target", ["{root}", "{root}/../other", "/etc", "{root}x/services", "services"])
async def test_a_folder_outside_the_root_is_refused(host: LocalHost, target: str) -> None:
    place = target.format(root=host._root)
    with pytest.raises(CommandFailed, match="is not a folder below"):
        await host.write_files(place, [HostFile(path="a", content=b"x")])
    with pytest.raises(CommandFailed, match="is not a folder below"):
        await host.remove_folder(place)


async def test_links_are_never_followed(host: LocalHost, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_bytes(b"mine")
    await write(host, HostFile(path="a", content=b"1"))
    (folder(host) / "link").symlink_to(outside)
    (folder(host) / "file").symlink_to(outside / "file")
    with pytest.raises(CommandFailed, match="failed"):
        await write(host, HostFile(path="link/x", content=b"x"))
    await write(host, HostFile(path="file", content=b"replaced the link"))
    assert (outside / "file").read_bytes() == b"mine"
    assert not (folder(host) / "file").is_symlink()
    assert [path.name for path in outside.iterdir()] == ["file"]


@pytest.mark.parametrize("path", ["sub/file", "sub"])
async def test_a_link_that_is_quicker_than_the_folder_is_not_followed(
    host: LocalHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """A container made it between the look and the making; the mode was given to what it led to."""
    secret, make = tmp_path / "secret", os.mkdir
    secret.mkdir(mode=0o700)
    await write(host, HostFile(path="a", content=b"1"))

    def late(name: str, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        if name == "sub":
            os.symlink(secret, name, dir_fd=dir_fd)
        make(name, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "mkdir", late)
    with pytest.raises(CommandFailed):
        await write(host, HostFile(path=path, content=None, is_directory=path == "sub"))
    assert mode(secret) == 0o700
    assert list(secret.iterdir()) == []


async def test_a_service_folder_that_is_a_link_is_refused(host: LocalHost, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    await write(host, HostFile(path="a", content=b"1"))
    other = folder(host).with_name("u2")
    other.symlink_to(outside)
    with pytest.raises(CommandFailed, match="failed"):
        await host.write_files(str(other), [HostFile(path="a", content=b"1")])
    with pytest.raises(CommandFailed, match="failed"):
        await host.remove_folder(str(other))
    assert list(outside.iterdir()) == []


async def test_removing_a_folder_leaves_its_neighbours_and_what_links_point_to(
    host: LocalHost, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_bytes(b"mine")
    await write(host, HostFile(path="a/b/c", content=b"1"))
    await host.write_files(str(folder(host).with_name("u2")), [HostFile(path="a", content=b"1")])
    (folder(host) / "link").symlink_to(outside)
    await host.remove_folder(str(folder(host)))
    await host.remove_folder(str(folder(host)))
    assert [path.name for path in folder(host).parent.iterdir()] == ["u2"]
    assert (outside / "file").read_bytes() == b"mine"


async def test_a_reader_never_sees_half_a_file(host: LocalHost) -> None:
    contents = {bytes([97 + number]) * 200_000 for number in range(4)}
    path = folder(host) / "a"
    await write(host, HostFile(path="a", content=next(iter(contents))))

    async def keep_writing() -> None:
        for _ in range(5):
            for content in contents:
                await write(host, HostFile(path="a", content=content))

    writer = asyncio.create_task(keep_writing())
    while not writer.done():
        assert await asyncio.to_thread(path.read_bytes) in contents
    await writer
