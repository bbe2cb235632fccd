"""Anchors and `<<` through a whole render: shared parts end up in each component, and stay apart there.

That maps merge as in Compose: tests/adapters/test_compose_extends.py. Merging lists is the dialect's own.
"""

from homeport.core.compose.load import load
from homeport.core.compose.render import render
from tests.support.compose import environment, make_scope, render_text, values

SHARED = """
x-env: &env
  DB_PASSWORD: $SERVICE_PASSWORD_DB  # of the database
  MODE: ${MODE:-fast}
x-list: &list
  - TOKEN=$SERVICE_BASE64_TOKEN
  - LEVEL=${LEVEL:-info}
x-mounts: &mounts
  - data:/data
  - ./conf:/conf
x-app: &app
  image: app:1
  environment:
    <<: *env
    OWN: x
  volumes: [cache:/cache]
  labels: [a=b]
services:
  web:
    <<: *app
    environment: {<<: [*env, {MODE: slow, EXTRA: y}], OWN: z}
    volumes: {<<: *mounts}
  worker:
    <<: [*app, {image: other, user: u}]
    environment:
      <<: *list
      LEVEL: debug
  cron:
    extends: worker
    environment: *list
    volumes: *mounts
  db:
    image: postgres:17
    environment: {<<: *list}
volumes: {data: , cache: }
"""


def test_environments() -> None:
    rendered = render_text(SHARED)
    assert environment(rendered, "web") == {
        "DB_PASSWORD": "$SERVICE_PASSWORD_DB",
        "MODE": "${MODE:-fast}",
        "EXTRA": "y",
        "OWN": "z",
    }
    listed = {"TOKEN": "$SERVICE_BASE64_TOKEN", "LEVEL": "${LEVEL:-info}"}
    assert environment(rendered, "worker") == {**listed, "LEVEL": "debug"}
    assert environment(rendered, "cron") == listed
    assert environment(rendered, "db") == listed
    assert {"MODE": "fast", "LEVEL": "info"}.items() <= values(rendered).items()
    assert {"SERVICE_PASSWORD_DB", "SERVICE_BASE64_TOKEN"} <= values(rendered).keys()


def test_mounts_and_what_else_is_shared() -> None:
    rendered = render_text(SHARED)
    services = rendered.document["services"]
    mounts = ["u1_data:/data", "/data/homeport/services/u1/conf:/conf"]
    assert services["web"]["volumes"] == mounts
    assert services["worker"]["volumes"] == ["u1_cache:/cache"]
    assert services["cron"]["volumes"] == ["u1_cache:/cache", *mounts]
    assert [services[name]["image"] for name in ("web", "worker", "cron")] == ["app:1"] * 3
    assert (services["worker"]["user"], services["cron"]["user"]) == ("u", "u")
    assert all("a=b" in services[name]["labels"] for name in ("web", "worker", "cron"))
    assert {(volume.component, volume.target) for volume in rendered.volumes} == {
        ("web", "/data"),
        ("worker", "/cache"),
        ("cron", "/cache"),
        ("cron", "/data"),
    }
    assert not any(mark in rendered.compose for mark in ("<<", "&", "*", "x-"))


def test_comments_and_lines_come_from_where_they_were_written() -> None:
    document = load(SHARED)
    assert document.comments["web", "DB_PASSWORD"] == "of the database"
    assert document.line(("services", "cron", "user")) == 24
    assert document.line(("services", "web", "environment", "MODE")) == 4
    assert document.line(("services", "cron", "volumes", 0)) == 16


def test_a_render_leaves_the_shared_parts_alone() -> None:
    document = load(SHARED)
    first = render(document, make_scope())
    assert render(document, make_scope()) == first
    assert document.data == load(SHARED).data
