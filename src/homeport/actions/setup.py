"""The first start: everything that a request finds already there. Safe to run at every start, and by two processes
at once."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from homeport.db.engine import Database
from homeport.db.instance import Instance
from homeport.db.projects import Environment, Project
from homeport.db.rows import insert_rows
from homeport.db.servers import Destination, PrivateKey, Server
from homeport.db.teams import Member, Team, User

ROOT_TEAM_ID: Final = 0
ROOT_USER_ID: Final = 0
_UUID_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """An SSH key: OpenSSH texts, and the fingerprint that `ssh-keygen -lf` shows after `SHA256:`."""

    private_key: str
    public_key: str
    fingerprint: str


async def first_start(database: Database, *, now: datetime, token: Callable[[str, int], str]) -> bool:
    """Make the root team, its owner, the local server and a project; True when this call made them."""
    async with database.read() as session:
        if await session.scalar(select(Instance.id).limit(1)) is not None:
            return False
    key = new_key_pair("homeport")
    try:
        async with database.write() as session:
            # The instance first, under a fixed id: of two first starts one fails here and leaves nothing.
            for kind, row in _rows(key, now, token):
                await insert_rows(session, kind, [row])
    except IntegrityError:
        return False
    return True


def new_key_pair(comment: str) -> KeyPair:
    """A new ed25519 key."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    digest = hashlib.sha256(base64.b64decode(public.split()[1])).digest()
    return KeyPair(
        private_key=private.decode(),
        public_key=f"{public.decode()} {comment}",
        fingerprint=base64.b64encode(digest).decode().rstrip("="),
    )


def _rows(key: KeyPair, now: datetime, token: Callable[[str, int], str]) -> list[tuple[Any, dict[str, Any]]]:
    """The rows in the order of their foreign keys. Ids are fixed: 0 for what a sequence never gives."""
    stamps = {"created_at": now, "updated_at": now}

    def uuid() -> str:
        return token(_UUID_ALPHABET, 24)

    return [
        (Instance, {"id": 0, **stamps}),
        (Team, {"id": ROOT_TEAM_ID, "name": "Root Team", "personal_team": True, **stamps}),
        (User, {"id": ROOT_USER_ID, "name": "Root", "email": "root@localhost", **stamps}),
        (Member, {"team_id": ROOT_TEAM_ID, "user_id": ROOT_USER_ID, "role": "owner"}),
        (
            PrivateKey,
            {
                "id": 0,
                "uuid": uuid(),
                "team_id": ROOT_TEAM_ID,
                "name": "localhost's key",
                "description": "The private key for the Homeport host machine (localhost).",
                "private_key": key.private_key,
                "public_key": key.public_key,
                "fingerprint": key.fingerprint,
                **stamps,
            },
        ),
        (
            Server,
            {
                "id": 0,
                "uuid": uuid(),
                "team_id": ROOT_TEAM_ID,
                "name": "localhost",
                "description": "This is the server where Homeport is running on.",
                "kind": "local",
                "ip": "host.docker.internal",
                "private_key_id": 0,
                "is_reachable": True,
                "is_usable": True,
                **stamps,
            },
        ),
        (
            Destination,
            {"id": 0, "uuid": uuid(), "server_id": 0, "name": "homeport", "network": "homeport", **stamps},
        ),
        (Project, {"id": 0, "uuid": uuid(), "team_id": ROOT_TEAM_ID, "name": "Default", **stamps}),
        (Environment, {"id": 0, "uuid": uuid(), "project_id": 0, "name": "production", **stamps}),
    ]
