"""API tokens: made and revoked on the machine itself, where whoever may read the database may do so."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from homeport.core.permissions import ABILITIES
from homeport.db.teams import Token, find_owner
from homeport.errors import FieldsRejected, NotFound

_MAX_NAME: Final = 255

NewPlain = Callable[[], tuple[str, str]]
"""Gives the secret part of a token and its digest."""


async def create_token(
    session: AsyncSession,
    *,
    name: str,
    abilities: Sequence[str],
    team_id: int,
    expires_days: int | None,
    now: datetime,
    new_plain: NewPlain,
) -> str:
    """The whole token, `<id>|<plain>`: it is shown once and stored only as a digest.

    Raises FieldsRejected for an ability that does not exist and for a name that cannot be shown in a line,
    NotFound for a team without an owner.
    """
    if not name.isprintable() or not 0 < len(name.strip()) <= _MAX_NAME:
        sentence = f"A name must have 1 to {_MAX_NAME} characters, none of them a control character."
        raise FieldsRejected({"name": [sentence]}, sentence)
    unknown = sorted(set(abilities) - set(ABILITIES))
    if unknown or not abilities:
        known = ", ".join(ABILITIES)
        raise FieldsRejected(
            {"ability": [f"{each} is no ability" for each in unknown]},
            f"An ability must be one of {known}; not {', '.join(unknown) or 'none'}.",
        )
    user_id = await find_owner(session, team_id)
    if user_id is None:
        raise NotFound(f"There is no team {team_id}.")
    plain, digest = new_plain()
    token = Token(
        user_id=user_id,
        team_id=team_id,
        name=name,
        digest=digest,
        abilities=list(dict.fromkeys(abilities)),
        expires_at=None if expires_days is None else now + timedelta(days=expires_days),
        created_at=now,
        updated_at=now,
    )
    session.add(token)
    await session.flush()
    return f"{token.id}|{plain}"


async def revoke_token(session: AsyncSession, token_id: int) -> None:
    """Raises NotFound."""
    token = await session.get(Token, token_id)
    if token is None:
        raise NotFound(f"There is no token {token_id}.")
    await session.delete(token)
