"""bin/setup's handling of a container engine, on a second dockerd that has its own paths."""

import os
import select
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.engine import REPOSITORY

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may run a dockerd")

_FLAGS = "--bridge=none --iptables=false --ip-forward=false --ip-masq=false --storage-driver=vfs"


@dataclass(frozen=True)
class SecondEngine:
    """A folder with all that belongs to one dockerd."""

    folder: Path

    @property
    def pidfile(self) -> Path:
        return self.folder / "docker.pid"

    @property
    def socket(self) -> Path:
        return self.folder / "docker.sock"

    @property
    def containerd_pidfile(self) -> Path:
        return self.folder / "run" / "containerd" / "containerd.pid"

    def setup(self) -> str:
        """Run bin/setup's part on this engine; what it printed.

        In a network namespace of its own: a dockerd without a bridge removes the machine's `docker0`.
        """
        sources = "; ".join(f". bin/lib/{part}.sh" for part in ("say", "debian", "python", "engine"))
        done = subprocess.run(
            ["unshare", "--net", "bash", "-euo", "pipefail", "-c", f"{sources}; setup_engine"],
            cwd=REPOSITORY,
            env=os.environ
            | {
                "ENGINE_SOCKET": str(self.socket),
                "ENGINE_PIDFILE": str(self.pidfile),
                "ENGINE_RUN": str(self.folder / "run"),
                "ENGINE_STATE": str(self.folder / "state"),
                "ENGINE_FLAGS": f"--data-root {self.folder}/data {_FLAGS}",
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def pid(self) -> int:
        return int(self.pidfile.read_text())

    def end(self, how: signal.Signals) -> None:
        """Signal the dockerd and wait until it has ended."""
        descriptor = os.pidfd_open(self.pid())
        try:
            signal.pidfd_send_signal(descriptor, how)
            readable, _, _ = select.select([descriptor], [], [], 20)
            assert readable, "dockerd did not end within 20 s"
        finally:
            os.close(descriptor)


@pytest.fixture
def second() -> Iterator[SecondEngine]:
    # Not tmp_path: the path of a unix socket has at most 107 bytes.
    with tempfile.TemporaryDirectory(prefix="hp-", dir="/tmp") as folder:
        engine = SecondEngine(Path(folder))
        yield engine
        if engine.pidfile.exists():
            engine.end(signal.SIGTERM)
        # A dockerd that was killed leaves its data folder mounted onto itself.
        while subprocess.run(["umount", f"{folder}/data"], capture_output=True, check=False).returncode == 0:
            pass


@pytest.fixture
def stranger() -> Iterator[int]:
    """The id of a living process that is no dockerd."""
    with subprocess.Popen(["sleep", "120"]) as process:
        yield process.pid
        process.kill()


def test_starts_one_and_leaves_a_running_one_alone(second: SecondEngine) -> None:
    assert second.setup().startswith("engine: started, ")
    pid = second.pid()
    assert " answers on " in second.setup()
    assert second.pid() == pid


def test_starts_again_after_a_kill(second: SecondEngine, stranger: int) -> None:
    second.setup()
    second.end(signal.SIGKILL)
    assert second.socket.exists(), "the kill left the socket behind"
    second.pidfile.write_text(str(stranger))
    second.containerd_pidfile.write_text(str(stranger))

    assert second.setup().startswith("engine: started, ")
    assert second.pid() != stranger


def test_a_folder_in_the_place_of_the_socket_does_not_matter(second: SecondEngine) -> None:
    second.socket.mkdir()
    assert second.setup().startswith("engine: started, ")
