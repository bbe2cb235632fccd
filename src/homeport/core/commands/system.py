"""Commands that tell what the machine beside Homeport can do, as values."""

from collections.abc import Sequence

from homeport.core.commands import Command


def compose_version(program: Sequence[str]) -> Command:
    return Command(argv=(*program, "version", "--short"), timeout_s=20.0)


def caddy_version(caddy: str) -> Command:
    return Command(argv=(caddy, "version"), timeout_s=20.0)


def caddy_validate(caddy: str, path: str) -> Command:
    """Load a configuration as the proxy would, without serving it. `path` is a file with Caddy JSON."""
    return Command(argv=(caddy, "validate", "--config", path), timeout_s=60.0)
