"""One request to the proxy's admin API on its unix socket."""

import os
from pathlib import Path

import aiohttp

from homeport.errors import ProxyFailed

TIMEOUT_S = 30.0


async def request_admin(socket: str, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    """Status and body of the answer. Raises ProxyFailed when nobody answers in time."""
    try:
        # A socket's path may have 107 bytes; seen from a descriptor of its folder it is always short.
        folder = os.open(Path(socket).parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise ProxyFailed(f"The proxy has no admin socket at {socket}: {error.strerror}.") from error
    try:
        connector = aiohttp.UnixConnector(f"/proc/self/fd/{folder}/{Path(socket).name}")
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
            session.request(method, f"http://127.0.0.1{path}", data=body, headers=headers) as answer,
        ):
            return answer.status, await answer.read()
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        reason = str(error) or type(error).__name__
        raise ProxyFailed(f"The proxy's admin API at {socket} does not answer: {reason}.") from error
    finally:
        os.close(folder)
