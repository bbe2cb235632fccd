"""Tokens: what is one, what is none, and what a request with one costs."""

import zlib
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, event, select, update

from homeport.db.teams import Member, Token, User
from homeport.http.auth import FAILURES_PER_MINUTE, digest_of, new_plain, read_bearer
from tests.support import factories
from tests.support.app import RunningApp

VERSION = "/api/v1/version"
UNAUTHENTICATED = {"message": "Unauthenticated."}


def test_a_plain_secret_ends_with_the_checksum_of_its_forty_characters() -> None:
    plain = new_plain(lambda alphabet, length: alphabet[0] * length)
    assert (plain[:40], plain[40:]) == ("a" * 40, f"{zlib.crc32(b'a' * 40):08x}")


@pytest.mark.parametrize(
    ("header", "read"),
    [
        ("Bearer 12|secret", (12, "secret")),
        ("bearer 12|secret", (12, "secret")),
        ("BEARER secret", (None, "secret")),
        ("Bearer 12|secret, Basic eA==", (12, "secret")),
        ("Bearer 12|sec|ret", (12, "sec|ret")),
        ("Bearer 12|", None),
        ("Bearer |secret", None),
        ("Bearer 1x|secret", None),
        ("Bearer -1|secret", None),
        ("Bearer ٣|secret", None),
        (f"Bearer {'9' * 30}|secret", None),
        ("Bearer ", None),
        ("Basic eA==", None),
        (None, None),
    ],
)
def test_reads_the_header(header: str | None, read: tuple[int | None, str] | None) -> None:
    assert read_bearer(header) == read


async def test_a_token_works_with_and_without_its_id(homeport: RunningApp) -> None:
    token_id, _, plain = homeport.root_token.partition("|")
    for text in (homeport.root_token, plain, f"{homeport.root_token}, something else"):
        assert (await homeport.as_token(text).get(VERSION)).status_code == 200
    wrong_id = await homeport.as_token(f"{int(token_id) + 1}|{plain}").get(VERSION)
    assert (wrong_id.status_code, wrong_id.json()) == (401, UNAUTHENTICATED)


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer 1|nope", "Bearer nope", "Basic eA==", "Bearer \xff|\xfe"]
)
async def test_anything_else_is_unauthenticated(homeport: RunningApp, header: str) -> None:
    answer = await homeport.client.get(VERSION, headers={b"Authorization": header.encode("latin-1")})
    assert (answer.status_code, answer.json()) == (401, UNAUTHENTICATED)
    assert answer.headers["content-type"] == "application/json"


async def test_a_token_in_the_query_is_no_token(homeport: RunningApp) -> None:
    answer = await homeport.client.get(VERSION, params={"token": homeport.root_token, "api_token": "x"})
    assert answer.status_code == 401


async def test_an_expired_token_ends_at_once_even_when_it_is_cached(homeport: RunningApp) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=0.4)
    client = await homeport.acting("read", expires_at=soon)
    assert (await client.get(VERSION)).status_code == 200
    while datetime.now(UTC) <= soon:
        await client.get("/api/health")
    assert (await client.get(VERSION)).json() == UNAUTHENTICATED


async def test_a_revoked_token_is_refused_once_it_is_forgotten(homeport: RunningApp) -> None:
    token = await homeport.token("read")
    client = homeport.as_token(token)
    assert (await client.get(VERSION)).status_code == 200
    token_id = int(token.partition("|")[0])
    async with homeport.database.write() as session:
        await session.execute(delete(Token).where(Token.id == token_id))
    homeport.app.state.gates.tokens.forget(token_id)
    assert (await client.get(VERSION)).status_code == 401


async def test_the_token_of_a_deleted_user_is_unauthenticated(homeport: RunningApp) -> None:
    team_id, user_id = await factories.add_team(homeport.database)
    client = await homeport.acting("root", user_id=user_id, team_id=team_id)
    async with homeport.database.write() as session:
        await session.execute(delete(User).where(User.id == user_id))
    assert (await client.get(VERSION)).json() == UNAUTHENTICATED


async def test_a_second_request_costs_no_query(homeport: RunningApp) -> None:
    await homeport.root.get(VERSION)
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    for engine in (homeport.database.reader_engine, homeport.database.writer_engine):
        event.listen(engine.sync_engine, "before_cursor_execute", note)
    assert (await homeport.root.get(VERSION)).status_code == 200
    assert statements == []


async def test_the_time_of_last_use_is_written_in_a_batch(homeport: RunningApp) -> None:
    token = await homeport.token("read")
    token_id = int(token.partition("|")[0])
    await homeport.as_token(token).get(VERSION)
    await homeport.app.state.gates.batches.close()
    async with homeport.database.read() as session:
        used = await session.scalar(select(Token.last_used_at).where(Token.id == token_id))
    assert used is not None
    assert datetime.now(UTC) - used < timedelta(minutes=1)


async def test_a_flood_of_unknown_tokens_is_refused_without_a_query(homeport: RunningApp) -> None:
    good = await homeport.token("read")
    assert (await homeport.as_token(good).get(VERSION)).status_code == 200
    guess = homeport.as_token("1|guess")
    for _ in range(FAILURES_PER_MINUTE):
        assert (await guess.get(VERSION)).status_code == 401
    flooded = await guess.get(VERSION)
    assert (flooded.status_code, flooded.json()) == (429, {"message": "Too Many Attempts."})
    assert 0 < int(flooded.headers["retry-after"]) <= 60
    # Who is known goes on, also from the same address (a proxy), also after the cache's time.
    known, digest = homeport.app.state.gates.tokens._known, digest_of(good.partition("|")[2])
    known[digest] = (0.0, known[digest][1])
    assert (await homeport.as_token(good).get(VERSION)).status_code == 200
    # A request without any token costs no query, so it is told what is wrong.
    assert (await homeport.client.get(VERSION)).status_code == 401


async def test_who_left_the_team_has_no_valid_token(homeport: RunningApp) -> None:
    team_id, user_id = await factories.add_team(homeport.database)
    client = await homeport.acting("read", user_id=user_id, team_id=team_id)
    async with homeport.database.write() as session:
        await session.execute(delete(Member).where(Member.user_id == user_id))
    answer = await client.get(VERSION)
    assert (answer.status_code, answer.json()) == (401, {"message": "Invalid token."})


async def test_a_demoted_owner_keeps_only_reading(homeport: RunningApp) -> None:
    team_id, user_id = await factories.add_team(homeport.database)
    strong = await homeport.acting("write", user_id=user_id, team_id=team_id)
    weak = await homeport.acting("read", user_id=user_id, team_id=team_id)
    async with homeport.database.write() as session:
        await session.execute(update(Member).where(Member.user_id == user_id).values(role="member"))
    answer = await strong.get(VERSION)
    assert (answer.status_code, answer.json()) == (403, {"message": "Missing required team role."})
    assert (await weak.get(VERSION)).status_code == 200
