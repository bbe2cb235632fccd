"""Domains: what is read, what is generated, what is derived."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homeport.core.compose.model import Domain, DomainSource
from homeport.core.domains import (
    base_domain,
    claims_of,
    conflict_entry,
    derive,
    generated,
    host_label,
    instance_conflict_entry,
    join_fqdn,
    joined_path,
    parse_domain,
    read_urls,
    split_fqdn,
)
from homeport.errors import DomainsRejected

UUID = "u1u1u1u1u1u1u1u1u1u1u1u1"
BASE = Domain(scheme="http", host="1.2.3.4.sslip.io")


@pytest.mark.parametrize(
    ("text", "scheme", "host", "port", "path"),
    [
        ("http://localhost", "http", "localhost", None, ""),
        ("HTTPS://Example.COM", "https", "example.com", None, ""),
        ("https://a.example.com:3000", "https", "a.example.com", 3000, ""),
        ("https://a.example.com:3000/Api/", "https", "a.example.com", 3000, "/Api"),
        ("http://my_app.example.com", "http", "my_app.example.com", None, ""),
        ("http://10.0.0.1:80", "http", "10.0.0.1", 80, ""),
        ("http://[::1]:8080/x", "http", "[::1]", 8080, "/x"),
        ("http://[2001:db8::1]", "http", "[2001:db8::1]", None, ""),
        ("http://user:pw@example.com/x?q=1#f", "http", "example.com", None, "/x"),
        ("http://example.com.", "http", "example.com.", None, ""),
        ("http://example.com:", "http", "example.com", None, ""),
        ("http://example.com:0", "http", "example.com", None, ""),
        ("http://example.com:0080", "http", "example.com", 80, ""),
        ("http://a--b.com", "http", "a--b.com", None, ""),
        (f"http://{'a' * 63}.com", "http", f"{'a' * 63}.com", None, ""),
    ],
)
def test_reads_a_url(text: str, scheme: str, host: str, port: int | None, path: str) -> None:
    domain = parse_domain(text)
    assert (domain.scheme, domain.host, domain.port, domain.path) == (scheme, host, port, path)


@pytest.mark.parametrize(
    "text",
    [
        "example.com",
        "ftp://example.com",
        "http://",
        "http:///x",
        "http://:80",
        "http://user@",
        "http://exa mple.com",
        "http://münchen.example",
        "http://_app.example.com",
        "http://app_.example.com",
        "http://-a.example.com",
        "http://a-.example.com",
        "http://a..example.com",
        "http://.example.com",
        "http://example.com-",
        "http://example.com:65536",
        "http://example.com:123456",
        "http://example.com:80a",
        "http://example.com:-1",
        "http://[::g]",
        "http://[fe80::1%25eth0]",
        "http://[::1",
        "http://us%zer@example.com",
        f"http://{'a' * 64}.com",
        f"http://{'a.' * 126}com",
        "http://example.com/`id`",
        "http://example.com/$x",
        "http://example.com/?a=1&b=2",
        "http://example.com/a;b",
        "http://example.com/a|b",
        "http://example.com/<b>",
        "http://example.com/(b)",
        "http://example.com/a\\b",
        "http://example.com/\n",
        "http://example.com\r",
        "",
    ],
)
def test_refuses_what_is_no_url(text: str) -> None:
    with pytest.raises(ValueError, match=r"^Invalid URL: "):
        parse_domain(text)


def test_what_was_given_is_kept_but_for_the_case_of_scheme_and_host() -> None:
    assert parse_domain("HTTP://Ex.COM:80/A/?Q=B#C").url == "http://ex.com:80/A/?Q=B#C"
    assert parse_domain("http://User:PW@Ex.com").url == "http://User:PW@ex.com"
    assert parse_domain("http://Ex.com:").url == "http://ex.com:"


def test_a_generated_domain_survives_the_way_through_the_database() -> None:
    domain = generated("app", uuid=UUID, base=BASE, path="/v1", port=3000)
    assert split_fqdn(join_fqdn((domain,))) == (domain,)
    assert join_fqdn(()) is None
    assert join_fqdn(None) is None
    assert split_fqdn(None) == ()
    assert split_fqdn(" http://a.b ,https://c.d:1/x, ") == (
        parse_domain("http://a.b"),
        parse_domain("https://c.d:1/x"),
    )


@given(st.text(max_size=60))
def test_reading_never_fails_otherwise(text: str) -> None:
    try:
        domain = parse_domain(f"http://{text}")
    except ValueError as error:
        assert str(error) == f"Invalid URL: http://{text}"  # noqa: PT017  # Most of the texts are no URL.
    else:
        assert parse_domain(domain.url) == domain


class TestReadUrls:
    def test_gives_each_application_its_domains(self) -> None:
        chosen = read_urls(
            [("web", ",https://A.example.com , https://b.example.com:3000,"), ("api", None)],
            ["web", "api"],
            is_forced=False,
        )
        assert {name: join_fqdn(domains) for name, domains in chosen.items()} == {
            "web": "https://a.example.com,https://b.example.com:3000",
            "api": None,
        }
        assert chosen["api"] == ()

    def test_url_problems_come_first_and_alone(self) -> None:
        with pytest.raises(DomainsRejected) as caught:
            read_urls(
                [("nobody", "ftp://x.com,example.com"), ("web", "http://ok.com,http://OK.com")],
                ["web"],
                is_forced=False,
            )
        assert caught.value.problems == [
            "Invalid URL: ftp://x.com",
            "Invalid URL: example.com",
            (
                "The current request contains conflicting URLs across containers: http://ok.com. "
                "Use force_domain_override=true to proceed."
            ),
        ]

    def test_every_repeated_url_is_named_once(self) -> None:
        items = [("a", "http://x.com,http://y.com/p"), ("b", "http://y.com/p,http://X.com,http://x.com")]
        with pytest.raises(DomainsRejected) as caught:
            read_urls(items, ["a", "b"], is_forced=False)
        assert "containers: http://y.com/p, http://x.com. Use" in caught.value.problems[0]

    def test_force_allows_repeats(self) -> None:
        chosen = read_urls([("a", "http://x.com"), ("b", "http://x.com")], ["a", "b"], is_forced=True)
        assert chosen["a"] == chosen["b"]

    def test_case_port_and_slash_make_a_difference(self) -> None:
        text = "http://x.com,http://x.com/,http://x.com:80,https://x.com,http://x.com/A,http://x.com/a"
        assert len(read_urls([("a", text)], ["a"], is_forced=False)["a"]) == 6

    def test_names_are_checked_in_order(self) -> None:
        with pytest.raises(DomainsRejected) as caught:
            read_urls([(" ", "http://a.com"), ("db", "http://b.com"), (None, None)], ["web"], is_forced=True)
        assert caught.value.problems == [
            "Service container name is required to apply URLs.",
            "Service container with 'db' not found.",
            "Service container name is required to apply URLs.",
        ]

    def test_of_two_items_for_one_name_the_later_counts(self) -> None:
        chosen = read_urls([("a", "http://x.com"), ("a", "")], ["a"], is_forced=False)
        assert chosen == {"a": ()}


class TestGenerated:
    def test_q10_multi_word_names_make_valid_labels(self) -> None:
        assert generated("new_api", uuid=UUID, base=BASE).host == f"new-api-{UUID}.1.2.3.4.sslip.io"
        assert host_label("My.App", UUID) == f"my-app-{UUID}"

    @given(st.text(max_size=80))
    def test_q10_a_label_is_always_valid_and_keeps_the_uuid(self, name: str) -> None:
        label = host_label(name, UUID)
        assert len(label) <= 63
        assert label.endswith(UUID)
        assert parse_domain(f"http://{label}.example.com").host == f"{label}.example.com"

    def test_q10_long_names_that_differ_late_stay_apart(self) -> None:
        assert host_label("a" * 60 + "x", UUID) != host_label("a" * 60 + "y", UUID)

    def test_q35_the_port_stands_behind_the_host(self) -> None:
        domain = generated("app", uuid=UUID, base=BASE, path="/v1", port=8080)
        assert domain.url == f"http://app-{UUID}.1.2.3.4.sslip.io:8080/v1"

    def test_the_base_gives_scheme_and_path(self) -> None:
        base = base_domain("https://apps.example.com:444/base/", "1.2.3.4", None)
        assert (
            generated("my_api", uuid="u1", base=base, path="/v1").url
            == "https://my-api-u1.apps.example.com/base/v1"
        )

    def test_a_path_is_added_once(self) -> None:
        assert joined_path("/base", "/v1") == "/base/v1"
        assert joined_path("/base/v1", "/v1") == "/base/v1"
        assert joined_path("/base", "/") == "/base"


@pytest.mark.parametrize(
    ("wildcard", "ip", "default", "expected"),
    [
        ("https://apps.example.com", "1.2.3.4", BASE, "https://apps.example.com"),
        ("http://*.apps.example.com", "1.2.3.4", None, "http://apps.example.com"),
        ("apps.example.com", "1.2.3.4", None, "http://apps.example.com"),
        (None, "1.2.3.4", None, "http://1.2.3.4.sslip.io"),
        ("", "2001:db8::1", None, "http://2001-db8--1.sslip.io"),
        (None, "[fe80::1%eth0]", None, "http://fe80--1.sslip.io"),
        (None, "host.docker.internal", Domain(scheme="http", host="localhost"), "http://localhost"),
        (None, "host.docker.internal", None, "http://localhost"),
        (None, "node1.example.com", None, "http://node1.example.com"),
    ],
)
def test_base_domain(wildcard: str | None, ip: str, default: Domain | None, expected: str) -> None:
    assert base_domain(wildcard, ip, default).url == expected


class TestDerive:
    domains = split_fqdn("https://one.example.com:80,https://two.example.com:81/sub")
    url = DomainSource(component="app", form="url", label="app")

    def derived(self, source: DomainSource, domains: tuple[Domain, ...] | None) -> str:
        return derive(source, domains, uuid=UUID, base=BASE)

    def test_url_and_fqdn_have_no_port(self) -> None:
        assert self.derived(self.url, self.domains) == "https://one.example.com"
        assert self.derived(replace(self.url, form="fqdn"), self.domains) == "one.example.com"

    def test_the_port_chooses_the_domain(self) -> None:
        source = replace(self.url, port=81)
        assert self.derived(source, self.domains) == "https://two.example.com:81/sub"
        assert (
            self.derived(replace(source, is_port_shown=False), self.domains) == "https://two.example.com/sub"
        )

    def test_q35_the_port_stands_before_the_path(self) -> None:
        source = replace(self.url, form="fqdn", port=8080, path="/v1")
        assert self.derived(source, self.domains) == "one.example.com:8080/v1"

    def test_the_generated_host_is_found_by_its_label(self) -> None:
        mine = generated("app", uuid=UUID, base=BASE)
        assert self.derived(self.url, (*self.domains, mine)) == mine.url

    def test_without_any_domain_the_host_is_generated(self) -> None:
        assert self.derived(self.url, None) == f"http://app-{UUID}.1.2.3.4.sslip.io"

    def test_q14_cleared_domains_leave_nothing(self) -> None:
        assert self.derived(self.url, ()) == ""


def test_claims_are_lower_case_and_each_once() -> None:
    domains = split_fqdn("http://a.com/,https://a.com:3000,http://a.com/X/,http://a.com./X")
    assert claims_of(domains) == (("a.com", ""), ("a.com", "/x"))
    assert claims_of(None) == ()


def test_conflict_entries_have_upstreams_shape() -> None:
    assert conflict_entry("http://a.com", service_name=None, component_uuid="c1") == {
        "domain": "http://a.com",
        "resource_name": "Unknown Service",
        "resource_uuid": "c1",
        "resource_type": "service",
        "message": "Domain http://a.com is already in use by service 'Unknown Service'",
    }
    entry = instance_conflict_entry("http://a.com")
    assert entry["message"] == "Domain http://a.com is already in use by this Coolify instance"
    assert entry["resource_uuid"] is None


def test_a_path_in_capital_letters_is_the_same_claim() -> None:
    """The proxy does not tell them apart, and one that came first in its order took the other's visitors."""
    given = (
        parse_domain("http://A.com/Api"),
        parse_domain("http://a.com./API/"),
        parse_domain("http://a.com/api"),
    )
    assert claims_of(given) == (("a.com", "/api"),)
