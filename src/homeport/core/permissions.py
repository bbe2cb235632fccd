"""Who acts, and what they may do: abilities come from the token, roles from the team."""

from dataclasses import dataclass
from typing import Literal

Role = Literal["owner", "admin", "member"]
ABILITIES = ("root", "read", "read:sensitive", "write", "write:sensitive", "deploy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who makes a request: a token (or, later, a session) of a user, acting in one team."""

    user_id: int
    team_id: int
    role: Role
    abilities: frozenset[str]
    user_email: str = ""
    token_id: int | None = None
    token_name: str | None = None

    def can(self, ability: str) -> bool:
        """`root` and the legacy `*` imply every ability; no other ability implies another."""
        return bool(self.abilities & {"root", "*", ability})

    @property
    def is_admin(self) -> bool:
        return self.role in ("owner", "admin")

    @property
    def can_read_sensitive(self) -> bool:
        return self.is_admin and self.can("read:sensitive")
