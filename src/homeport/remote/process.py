"""Running one process beside Homeport: its lines as they come, and nothing of it left behind.

A process gets a session of its own, so that it can be killed with everything it started. What it
prints is never trusted: it may be no text, have no line ends, or never stop.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping
from typing import Final, Literal

from homeport.core.commands import Command, Line, OnLine, Output
from homeport.errors import CommandFailed

PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LINE_LIMIT: Final = 8192
"""Bytes of one line that are kept; what comes after them is dropped up to the next line end."""
OUTPUT_LIMIT: Final = 4 * 1024 * 1024
"""Bytes of a whole stream that `Output` keeps: the last ones."""
_CUT: Final = " [cut]"
_CHUNK: Final = 65536
_TERM_GRACE_S: Final = 5.0
_ORPHAN_GRACE_S: Final = 1.0
_POLL_S: Final = 0.2


class LineSplitter:
    """Bytes to lines. A carriage return ends a line too (progress bars), and never makes an empty one."""

    def __init__(self) -> None:
        self._rest = b""
        self._is_skipping = False

    def feed(self, data: bytes) -> list[str]:
        *lines, self._rest = (self._rest + data.replace(b"\r", b"\n")).split(b"\n")
        texts = [self._line(line) for line in lines]
        if len(self._rest) > LINE_LIMIT:
            if not self._is_skipping:
                texts.append(_decode(self._rest))
            self._is_skipping, self._rest = True, b""
        return [text for text in texts if text]

    def end(self) -> list[str]:
        """What stands after the last line end."""
        text, self._rest = self._line(self._rest), b""
        return [text] if text else []

    def _line(self, line: bytes) -> str:
        if self._is_skipping:
            self._is_skipping = False
            return ""
        return _decode(line)


def _decode(line: bytes) -> str:
    text = line[:LINE_LIMIT].decode("utf-8", "replace").rstrip()
    return text + _CUT if len(line) > LINE_LIMIT else text


class _Stream:
    """One of a process's two outputs: handed on line by line, and its tail kept."""

    def __init__(self, name: Literal["out", "err"], on_line: OnLine | None) -> None:
        self._name = name
        self._on_line = on_line
        self._kept: list[str] = []
        self._size = 0

    async def pump(self, reader: asyncio.StreamReader) -> None:
        splitter = LineSplitter()
        while data := await reader.read(_CHUNK):
            await self._take(splitter.feed(data))
        await self._take(splitter.end())

    async def _take(self, lines: list[str]) -> None:
        for text in lines:
            self._kept.append(text)
            self._size += len(text) + 1
            while self._size > OUTPUT_LIMIT:
                self._size -= len(self._kept.pop(0)) + 1
            if self._on_line is not None:
                await self._on_line(Line(self._name, text))

    @property
    def text(self) -> str:
        return "\n".join(self._kept)


async def run_process(command: Command, *, on_line: OnLine | None = None, env: Mapping[str, str]) -> Output:
    """Run a command to its end or its time limit. `env` is the whole environment.

    Raises CommandFailed only when the program cannot be started at all. When the task is cancelled, or
    `on_line` raises, the whole process group is killed before the error goes on.
    """
    out, err = _Stream("out", on_line), _Stream("err", on_line)
    process = await _start(command, env)
    try:
        async with asyncio.timeout(command.timeout_s):
            await _follow(process, command.stdin, out, err)
    except TimeoutError:
        await _kill_group(process)
        limit = f"stopped after its time limit of {command.timeout_s:g} s"
        return Output(exit_code=None, stdout=out.text, stderr=f"{err.text}\n{limit}".lstrip())
    except BaseExceptionGroup as errors:
        await _kill_group(process)
        raise errors.exceptions[0] from None
    except BaseException:
        await asyncio.shield(_kill_group(process))
        raise
    return Output(exit_code=process.returncode, stdout=out.text, stderr=err.text)


async def _start(command: Command, env: Mapping[str, str]) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            *command.argv,
            stdin=asyncio.subprocess.DEVNULL if command.stdin is None else asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=dict(env),
            cwd="/",
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise CommandFailed(f"{command.argv[0]} cannot be started: {error}.") from error


async def _follow(
    process: asyncio.subprocess.Process, stdin: bytes | None, out: _Stream, err: _Stream
) -> None:
    if process.stdout is None or process.stderr is None:
        raise CommandFailed("a process was started without its pipes")
    async with asyncio.TaskGroup() as group:
        pumps = [group.create_task(out.pump(process.stdout)), group.create_task(err.pump(process.stderr))]
        group.create_task(_feed(process, stdin))
        group.create_task(_end_orphans(process, pumps))


async def _feed(process: asyncio.subprocess.Process, stdin: bytes | None) -> None:
    if process.stdin is None or stdin is None:
        return
    # A program may end without reading all; its exit code says whether that is right.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(stdin)
        await process.stdin.drain()
    process.stdin.close()


async def _end_orphans(process: asyncio.subprocess.Process, pumps: list[asyncio.Task[None]]) -> None:
    """Wait for the end of the program itself. Children that outlive it would keep its pipes open for ever."""
    await _await_exit(process, pumps)
    _, still_open = await asyncio.wait(pumps, timeout=_ORPHAN_GRACE_S)
    if still_open:
        _signal_group(process, signal.SIGKILL)
        _, still_open = await asyncio.wait(pumps, timeout=_ORPHAN_GRACE_S)
    for pump in still_open:
        pump.cancel()
    if still_open:
        _close_pipes(process)


async def _await_exit(process: asyncio.subprocess.Process, pumps: list[asyncio.Task[None]]) -> None:
    # Not process.wait(): that also waits until everybody has closed the pipes.
    while process.returncode is None:
        _, still_open = await asyncio.wait(pumps, timeout=_POLL_S)
        if not still_open:
            await process.wait()


async def _kill_group(process: asyncio.subprocess.Process) -> None:
    """Ask the group to end, insist after a moment, and wait until the process is gone."""
    _signal_group(process, signal.SIGTERM)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_TERM_GRACE_S):
            await _gone(process)
    # Also after a clean end: its children need not have ended with it.
    _signal_group(process, signal.SIGKILL)
    await _gone(process)
    _close_pipes(process)


async def _gone(process: asyncio.subprocess.Process) -> None:
    while process.returncode is None:  # noqa: ASYNC110 - asyncio's own event waits for the pipes too
        await asyncio.sleep(0.01)


def _close_pipes(process: asyncio.subprocess.Process) -> None:
    # asyncio has no public name for it; without this the pipes stay open until a child that left the group ends.
    process._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001


def _signal_group(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
