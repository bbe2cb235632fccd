import json
from pathlib import Path
from typing import Any

import pytest

from homeport.core.compose.model import Component, Domain
from homeport.core.proxy import Route, caddy_config, is_internal_host, routes_of
from homeport.core.revision import Snapshot

GOLDEN = Path(__file__).parent / "proxy"


def snapshot(*components: Component) -> Snapshot:
    return Snapshot(
        service_uuid="u1",
        service_name="s",
        number=1,
        folder="/f",
        compose="",
        dotenv="",
        components=components,
    )


def application(*domains: Domain, **more: Any) -> Component:
    known: dict[str, Any] = {"name": "web", "kind": "application", "image": "nginx:1"}
    return Component(**(known | {"domains": domains} | more))


def served(config: dict[str, Any], server: str = "http") -> list[dict[str, Any]]:
    routes: list[dict[str, Any]] = config["apps"]["http"]["servers"][server]["routes"]
    return routes[:-1]


def handlers(config: dict[str, Any], index: int = 0, server: str = "http") -> dict[str, dict[str, Any]]:
    return {handler["handler"]: handler for handler in served(config, server)[index]["handle"]}


@pytest.mark.parametrize(
    ("domain_port", "component_port", "seen_port", "port"),
    [(3000, 8080, 9000, 3000), (None, 8080, 9000, 8080), (None, None, 9000, 9000), (None, None, None, 80)],
)
def test_the_port_comes_from_the_domain_the_compose_or_the_image(
    domain_port: int | None, component_port: int | None, seen_port: int | None, port: int
) -> None:
    component = application(Domain("http", "a.example.com", domain_port), port=component_port)
    (route,) = routes_of(snapshot(component), {} if seen_port is None else {"web": seen_port})
    assert route.upstream == f"web-u1:{port}"


def test_every_domain_of_every_component_is_a_route() -> None:
    web = application(Domain("http", "A.example.com"), Domain("https", "b.example.com", None, "/x/"))
    api = application(Domain("http", "[::1]", 81), name="api")
    none = Component(name="db", kind="database")
    assert [str(route) for route in routes_of(snapshot(web, api, none))] == [
        "http://a.example.com to web-u1:80",
        "https://b.example.com/x to web-u1:80",
        "http://::1 to api-u1:81",
    ]


def test_switches_reach_the_route() -> None:
    component = application(
        Domain("https", "a.example.com"),
        Domain("http", "b.example.com"),
        is_gzip_enabled=False,
        is_stripprefix_enabled=False,
        is_force_https_enabled=False,
        redirect="www",
        noindex_domains=("https://A.example.com/",),
    )
    first, second = routes_of(snapshot(component))
    assert (first.is_gzip, first.is_stripped, first.is_https_forced) == (False, False, False)
    assert (first.redirect, first.is_noindex, second.is_noindex) == ("www", True, False)


def test_ghost_keeps_its_prefix() -> None:
    (route,) = routes_of(
        snapshot(application(Domain("http", "a.example.com", None, "/blog"), image="ghost:6"))
    )
    assert route.is_ghost
    assert not route.is_stripped


def test_placeholders_cannot_be_smuggled_in() -> None:
    (route,) = routes_of(snapshot(application(Domain("http", "a.example.com", None, "/{file./etc/passwd}*"))))
    assert route.path == "/%7Bfile./etc/passwd%7D%2A"
    for host, path in (("{env.HOME}", ""), ("a b", ""), ("a.example.com", "/{x}")):
        with pytest.raises(ValueError, match="a route cannot be made"):
            Route(scheme="http", host=host, path=path, upstream="web:80")


def test_the_longest_path_is_matched_first_and_the_order_of_input_does_not_matter() -> None:
    routes = [
        Route(scheme="http", host="a.example.com", path=path, upstream=f"c{number}:80")
        for number, path in enumerate(("", "/api", "/api/v1", "/b"))
    ]
    config = caddy_config(routes)
    matches = [route["match"][0].get("path") for route in served(config)]
    assert matches == [["/api/v1", "/api/v1/*"], ["/api", "/api/*"], ["/b", "/b/*"], None]
    assert config == caddy_config(reversed(routes))


def test_the_first_of_two_routes_for_the_same_place_wins() -> None:
    first = Route(scheme="http", host="a.example.com", upstream="first:80")
    second = Route(scheme="http", host="a.example.com", upstream="second:80")
    (route,) = served(caddy_config([first, second]))
    assert route["handle"][-1]["upstreams"] == [{"dial": "first:80"}]


def test_a_prefix_is_stripped_and_told() -> None:
    stripped = handlers(caddy_config([Route(scheme="http", host="a.b", path="/x", upstream="c:80")]))
    assert stripped["rewrite"]["strip_path_prefix"] == "/x"
    assert stripped["reverse_proxy"]["headers"] == {"request": {"set": {"X-Forwarded-Prefix": ["/x"]}}}
    kept = handlers(
        caddy_config([Route(scheme="http", host="a.b", path="/x", upstream="c:80", is_stripped=False)])
    )
    assert "rewrite" not in kept
    assert "headers" not in kept["reverse_proxy"]


def test_gzip_and_noindex_and_ghost() -> None:
    on = handlers(
        caddy_config([Route(scheme="http", host="a.b", upstream="c:80", is_noindex=True, is_ghost=True)])
    )
    assert on["encode"]["prefer"] == ["zstd", "gzip"]
    assert on["headers"]["response"]["set"] == {"X-Robots-Tag": ["noindex, nofollow"]}
    assert on["rewrite"]["path_regexp"] == [{"find": "^//+", "replace": "/"}]
    assert "encode" not in handlers(
        caddy_config([Route(scheme="http", host="a.b", upstream="c:80", is_gzip=False)])
    )


def location(config: dict[str, Any], index: int = 0, server: str = "http") -> tuple[int, str]:
    answer = handlers(config, index, server)["static_response"]
    return answer["status_code"], answer["headers"]["Location"][0]


def test_http_is_redirected_only_when_https_is_forced() -> None:
    route = Route(scheme="https", host="a.example.com", upstream="c:80")
    assert location(caddy_config([route])) == (308, "https://a.example.com{http.request.uri}")
    assert (
        location(caddy_config([route], https_port=8443))[1] == "https://a.example.com:8443{http.request.uri}"
    )
    assert "reverse_proxy" in handlers(caddy_config([route]), server="https")
    both = caddy_config([Route(scheme="https", host="a.example.com", upstream="c:80", is_https_forced=False)])
    assert "reverse_proxy" in handlers(both)
    given = caddy_config([route, Route(scheme="http", host="a.example.com", upstream="plain:80")])
    assert handlers(given)["reverse_proxy"]["upstreams"] == [{"dial": "plain:80"}]


def test_www_redirects_and_the_other_host_answers() -> None:
    config = caddy_config([Route(scheme="https", host="example.com", upstream="c:80", redirect="www")])
    assert [route["match"][0]["host"] for route in served(config, "https")] == [
        ["example.com"],
        ["www.example.com"],
    ]
    assert location(config, 0, "https") == (307, "https://www.example.com{http.request.uri}")
    assert "reverse_proxy" in handlers(config, 1, "https")
    assert location(config, 0) == (307, "https://www.example.com{http.request.uri}")
    assert location(config, 1) == (308, "https://www.example.com{http.request.uri}")


def test_non_www_redirects_and_a_route_of_its_own_wins() -> None:
    routes = [
        Route(scheme="http", host="www.example.com", upstream="c:80", redirect="non-www"),
        Route(scheme="http", host="example.com", upstream="own:80", redirect="non-www"),
    ]
    config = caddy_config(routes, http_port=8080)
    assert handlers(config, 0)["reverse_proxy"]["upstreams"] == [{"dial": "own:80"}]
    assert location(config, 1) == (307, "http://example.com:8080{http.request.uri}")
    assert len(served(config)) == 2


def test_an_ipv6_address_is_bracketed_in_a_redirect_and_shown_without_a_name() -> None:
    config = caddy_config([Route(scheme="https", host="fd00::1", upstream="c:80")])
    assert location(config)[1] == "https://[fd00::1]{http.request.uri}"
    assert config["apps"]["http"]["servers"]["https"]["tls_connection_policies"] == [
        {"default_sni": "fd00::1"}
    ]


@pytest.mark.parametrize(
    ("host", "is_internal"),
    [
        ("app.localhost", True),
        ("localhost", True),
        ("nas", True),
        ("10.0.0.1", True),
        ("fd00::1", True),
        ("printer.local", True),
        ("a.example.com", False),
        ("notlocalhost.example.com", False),
    ],
)
def test_which_hosts_get_a_certificate_of_our_own(host: str, is_internal: bool) -> None:
    assert is_internal_host(host) == is_internal
    config = caddy_config([Route(scheme="https", host=host, upstream="c:80")])
    (policy,) = config["apps"]["tls"]["automation"]["policies"]
    assert policy["subjects"] == [host]
    assert ("issuers" in policy) == is_internal


def test_all_certificates_can_be_our_own() -> None:
    config = caddy_config(
        [Route(scheme="https", host="a.example.com", upstream="c:80")], is_tls_internal=True
    )
    (policy,) = config["apps"]["tls"]["automation"]["policies"]
    assert policy["issuers"] == [{"module": "internal"}]


def test_without_https_domains_nothing_listens_on_443() -> None:
    assert set(caddy_config([])["apps"]) == {"http"}
    assert set(caddy_config([])["apps"]["http"]["servers"]) == {"http"}


def test_the_whole_configuration_is_exactly() -> None:
    routes = [
        Route(scheme="http", host="hello-u1.localhost", upstream="hello-u1:8080"),
        Route(scheme="https", host="shop.example.com", path="/api", upstream="api-u2:3000", is_noindex=True),
        Route(scheme="https", host="shop.example.com", upstream="web-u2:80"),
        Route(scheme="https", host="shop.localhost", upstream="web-u2:80"),
    ]
    text = json.dumps(caddy_config(routes, http_port=8080, https_port=8443), indent=2) + "\n"
    golden = GOLDEN / "caddy.json"
    assert text == golden.read_text()
