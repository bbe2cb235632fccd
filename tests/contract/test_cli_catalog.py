"""`homeport catalog` against a real server, as in test_cli.py."""

from tests.contract.test_cli import Site, compose, site, wiki  # noqa: F401 - fixtures


def test_types_say_where_they_come_from_and_what_they_need(site: Site) -> None:  # noqa: F811
    row = next(row for row in site.ok("catalog", "search", "git", "mysql").out.splitlines())
    assert row.split("\t")[0] == "gitea-with-mysql"
    assert row.split("\t")[3:] == ["homeport", ""]
    assert site.ok("catalog", "list", "--source", "team").err == "No type matches.\n"
    assert "Source\thomeport\n" in site.ok("catalog", "show", "ghost").out


def test_the_sources_are_listed_and_read_again(site: Site) -> None:  # noqa: F811
    count = len(site.api("services/types"))
    assert site.ok("catalog", "sources").out == f"homeport\tbuilt-in\t{count}\t\t\n"
    assert [source["types"] for source in site.ok("catalog", "refresh", "--json").json] == [count]


def test_a_service_becomes_a_type_of_its_team(site: Site, wiki: str) -> None:  # noqa: F811
    said = site.ok(
        "catalog", "save", wiki, "our-wiki", "--slogan", "Ours.", "--tag", "Notes", "--port", "8080"
    )
    assert said.err.startswith("our-wiki is a type of your team.")
    assert "were not copied" in said.err
    assert site.ok("catalog", "list", "--source", "team").out == "our-wiki\t\tOurs.\tteam\t\n"
    assert "Tags\tnotes\n" in site.ok("catalog", "show", "our-wiki").out
    assert "image: web:1" in site.ok("catalog", "show", "our-wiki", "--compose").out
    assert "already exists" in site.refused("catalog", "save", wiki, "our-wiki")
    assert "The key cannot be used" in site.refused("catalog", "save", wiki, "Our Wiki")
    made = site.ok("service", "create", "our-wiki", "--no-deploy", "--json").json
    site.ok("service", "delete", made["uuid"], "--yes")
    assert site.ok("catalog", "remove", "our-wiki").err == "The type our-wiki is removed.\n"
    assert "Service type not found." in site.refused("catalog", "remove", "our-wiki")
