"""What a plan shows of a change: which containers, variables, volumes and files, and the difference as text."""

from dataclasses import replace
from typing import Any

import pytest

from homeport.core.compose.labels import stamp
from homeport.core.compose.load import load
from homeport.core.compose.model import Rendered, Scope, Variable
from homeport.core.compose.render import render
from homeport.core.mask import Mask
from homeport.core.preview import Before, Preview, is_pending, preview
from tests.support.compose import kept, make_scope

WEB = """services:
  web:
    image: nginx:1.27
    environment:
      PASSWORD: $SERVICE_PASSWORD_WEB
      TITLE: ${TITLE:-Wiki}
    volumes:
      - pages:/pages
      - type: bind
        source: ./site.conf
        target: /etc/site.conf
        content: |
          listen 80;
          secret-literal;
  db:
    image: postgres:17
"""


def before_of(text: str, *, is_deployed: bool = True) -> tuple[Scope, Before]:
    """A service as it was stored, and the scope of its next render."""
    scope = make_scope()
    rendered = render(load(text), scope)
    marks = stamp(rendered, {}, 1)[1] if is_deployed else {}
    deployed = rendered.components if is_deployed else ()
    return kept(scope, rendered), Before(rendered=rendered, marks=marks, deployed=deployed)


def seen(rendered: Rendered, scope: Scope, before: Before | None, *, is_sensitive: bool = True) -> Preview:
    mask = Mask.of(rendered.variables, {}, dialect="template", is_sensitive=is_sensitive)
    return preview(rendered, before, mask, folder=scope.folder)


def changed(old: str, new: str, **more: Any) -> Preview:
    is_sensitive = more.pop("is_sensitive", True)
    scope, before = before_of(old, **more)
    return seen(render(load(new), scope), scope, before, is_sensitive=is_sensitive)


def components(shown: Preview) -> dict[str, str]:
    return {component.name: component.change for component in shown.components}


def test_a_new_service_is_all_new() -> None:
    scope = make_scope()
    shown = seen(render(load(WEB), scope), scope, None)
    assert shown.diff is None
    assert components(shown) == {"web": "create", "db": "create"}
    assert {variable.change for variable in shown.variables} == {"new"}
    generated = {variable.key for variable in shown.variables if variable.is_generated}
    assert generated == {"SERVICE_PASSWORD_WEB"}
    assert [(volume.name, volume.target, volume.change) for volume in shown.volumes] == [
        ("u1_pages", "/pages", "new")
    ]
    assert [(file.path, file.target) for file in shown.files] == [
        ("/data/homeport/services/u1/site.conf", "/etc/site.conf")
    ]
    assert "TITLE: '${TITLE:-***}'" in shown.compose
    assert shown.ports == ()


def test_a_request_that_changes_nothing() -> None:
    shown = changed(WEB, WEB)
    assert shown.diff == ""
    assert components(shown) == {"web": "unchanged", "db": "unchanged"}
    assert {variable.change for variable in shown.variables} == {"unchanged"}
    assert {volume.change for volume in shown.volumes} == {"unchanged"}


def test_only_what_changes_is_recreated() -> None:
    shown = changed(WEB, WEB.replace("nginx:1.27", "nginx:1.28"))
    assert components(shown) == {"web": "recreate", "db": "unchanged"}
    assert shown.diff is not None
    assert shown.diff.startswith("--- a/docker-compose.yml\n+++ b/docker-compose.yml\n@@")
    assert "\n-    image: nginx:1.27\n+    image: nginx:1.28\n" in shown.diff
    assert "\n--- a/.env" not in shown.diff


def test_components_come_and_go() -> None:
    shown = changed(WEB, WEB.replace("  db:", "  cache:"))
    assert components(shown) == {"web": "recreate", "cache": "create", "db": "remove"}
    assert [(each.kind, each.image) for each in shown.components if each.name == "db"] == [
        ("database", "postgres:17")
    ]


def test_a_service_that_was_never_deployed_has_no_containers() -> None:
    shown = changed(WEB, WEB.replace("  db:", "  cache:"), is_deployed=False)
    assert components(shown) == {"web": "create", "cache": "create", "db": "remove"}


def test_domains_and_ports_are_those_of_the_render() -> None:
    text = "services: {web: {image: nginx:1, ports: ['8080:80'], environment: [SERVICE_URL_WEB_80]}}"
    scope = make_scope()
    shown = seen(render(load(text), scope), scope, None)
    assert shown.components[0].domains == ("http://web-u1.1.2.3.4.sslip.io:80",)
    assert shown.components[0].port == 80
    assert [(port.component, port.published, port.target) for port in shown.ports] == [("web", "8080", "80")]


def test_variables_that_change() -> None:
    scope, before = before_of(WEB)
    others = {
        **scope.variables,
        "TITLE": Variable(key="TITLE", value="Title-of-mine"),
        "MINE": Variable(key="MINE"),
    }
    rendered = render(load(WEB), replace(scope, variables=others))
    shown = seen(rendered, scope, before)
    assert {
        variable.key: variable.change for variable in shown.variables if variable.change != "unchanged"
    } == {
        "TITLE": "changed",
        "MINE": "new",
    }
    assert shown.diff is not None
    assert shown.diff.startswith("--- a/.env\n+++ b/.env\n")
    assert "-TITLE=***\n+TITLE=*** (changed)\n" in shown.diff
    assert "+MINE=***\n" in shown.diff
    assert "Title-of-mine" not in repr(shown)
    assert components(shown) == {"web": "recreate", "db": "recreate"}


def test_variables_that_are_gone() -> None:
    scope, before = before_of(WEB)
    rendered = render(load("services: {web: {image: nginx:1}}"), make_scope())
    gone = {variable.key: variable.change for variable in seen(rendered, scope, before).variables}
    assert set(gone.values()) == {"removed"}


def test_volumes_that_change() -> None:
    shown = changed(WEB, WEB.replace("pages:/pages", "other:/pages\n      - more:/more"))
    assert [(volume.name, volume.change) for volume in shown.volumes] == [
        ("u1_other", "changed"),
        ("u1_more", "new"),
    ]
    gone = changed(WEB, WEB.replace("      - pages:/pages\n", ""))
    assert [(volume.name, volume.change) for volume in gone.volumes] == [("u1_pages", "removed")]


def test_a_file_that_changes_is_compared_for_those_who_may_read_it() -> None:
    new = WEB.replace("listen 80;", "listen 81;")
    shown = changed(WEB, new)
    assert shown.diff == (
        "--- a/site.conf\n+++ b/site.conf\n@@ -1,2 +1,2 @@\n-listen 80;\n+listen 81;\n secret-literal;\n"
    )
    assert shown.files[0].content == "listen 81;\nsecret-literal;\n"
    hidden = changed(WEB, new, is_sensitive=False)
    assert hidden.diff == "--- a/site.conf\n+++ b/site.conf\n@@ -1 +1 @@\n-***\n+*** (changed)\n"
    assert hidden.files[0].content is None
    assert "secret-literal" not in repr(hidden)


def test_files_come_and_go() -> None:
    new = WEB.replace("./site.conf", "./other.conf")
    shown = changed(WEB, new, is_sensitive=False)
    assert shown.diff is not None
    assert shown.diff.endswith(
        "--- /dev/null\n+++ b/other.conf\n@@ -0,0 +1 @@\n+***\n--- a/site.conf\n+++ /dev/null\n@@ -1 +0,0 @@\n-***\n"
    )


@pytest.mark.parametrize("is_sensitive", [True, False])
def test_no_value_of_a_variable_is_ever_shown(is_sensitive: bool) -> None:
    scope, before = before_of(WEB)
    canaries = {
        "USER_CANARY": Variable(key="USER_CANARY", value="canary-of-a-person"),
        "SERVICE_PASSWORD_WEB": Variable(
            key="SERVICE_PASSWORD_WEB", value="Canary$Generated", origin="generated"
        ),
    }
    text = WEB.replace("- pages:/pages", "- ${USER_CANARY}:/pages")
    rendered = render(load(text), replace(scope, variables={**scope.variables, **canaries}))
    assert "canary-of-a-person" in rendered.compose
    shown = repr(seen(rendered, scope, before, is_sensitive=is_sensitive)).lower()
    assert "canary-of" not in shown
    assert "canary$" not in shown


def test_what_cannot_be_rendered_any_more_is_compared_with_nothing() -> None:
    scope = make_scope()
    rendered = render(load(WEB), scope)
    shown = seen(rendered, scope, Before(rendered=None, marks={"gone": ("digest", 3)}))
    assert shown.diff is not None
    assert shown.diff.startswith("--- /dev/null\n+++ b/docker-compose.yml\n")
    assert "--- /dev/null\n+++ b/.env\n" in shown.diff
    assert components(shown) == {"web": "create", "db": "create"}


def test_what_is_too_long_is_not_compared() -> None:
    long = "services:\n" + "".join(f"  c{number}: {{image: a:1}}\n" for number in range(200))
    shown = changed(long, long.replace("a:1", "a:2"))
    assert shown.diff == "--- a/docker-compose.yml\n+++ b/docker-compose.yml\n(too long to compare)\n"


def test_what_waits_for_its_deployment() -> None:
    scope, deployed = before_of(WEB)
    assert not is_pending(deployed)
    edited = render(load(WEB.replace("nginx:1.27", "nginx:1.28")), scope)
    assert is_pending(replace(deployed, rendered=edited))
    # Nothing waits where nothing was deployed, or where nobody can say what is stored.
    assert not is_pending(before_of(WEB, is_deployed=False)[1])
    assert not is_pending(replace(deployed, rendered=None))
