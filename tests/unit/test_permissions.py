"""Abilities come from the token, roles from the team; who reads secrets needs both."""

import pytest

from homeport.core.permissions import ABILITIES, Actor, Role


def _actor(*abilities: str, role: Role = "owner") -> Actor:
    return Actor(user_id=1, team_id=2, role=role, abilities=frozenset(abilities))


@pytest.mark.parametrize("ability", ABILITIES)
@pytest.mark.parametrize("token", ["root", "*"])
def test_root_can_everything(token: str, ability: str) -> None:
    assert _actor(token).can(ability)


@pytest.mark.parametrize("ability", sorted(set(ABILITIES) - {"root"}))
def test_no_other_ability_implies_another(ability: str) -> None:
    assert [name for name in ABILITIES if _actor(ability).can(name)] == [ability]


@pytest.mark.parametrize(
    ("abilities", "role", "expected"),
    [
        (["read:sensitive"], "owner", True),
        (["root"], "admin", True),
        (["read"], "owner", False),
        (["read:sensitive"], "member", False),
    ],
)
def test_who_reads_secrets(abilities: list[str], role: Role, expected: bool) -> None:
    assert _actor(*abilities, role=role).can_read_sensitive is expected
