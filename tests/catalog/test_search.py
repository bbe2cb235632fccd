from homeport.catalog import Catalog, Template
from homeport.catalog.load import load_catalog
from homeport.catalog.search import search


def template(
    key: str, *, slogan: str = "", tags: tuple[str, ...] = (), category: tuple[str, ...] = ()
) -> Template:
    return Template(key=key, compose="", slogan=slogan, tags=tags, category=category)


CATALOG = Catalog(
    [
        template("git-mirror", slogan="Copies repositories."),
        template("gitea", slogan="A Git host.", tags=("git", "forge"), category=("devtools",)),
        template(
            "gitea-with-mysql", slogan="A Git host on MySQL.", tags=("git", "mysql"), category=("devtools",)
        ),
        template("wiki", slogan="Pages that many people write, with git inside.", tags=("notes",)),
        template("uptime-kuma", slogan="Watches sites.", tags=("monitoring",), category=("monitoring",)),
    ]
)


def keys(text: str, category: str | None = None, tag: str | None = None) -> list[str]:
    return [found.key for found in search(CATALOG.values(), text, category, tag)]


def test_the_key_counts_more_than_tags_and_tags_more_than_the_slogan() -> None:
    assert keys("git") == ["git-mirror", "gitea", "gitea-with-mysql", "wiki"]


def test_a_whole_key_comes_first() -> None:
    assert keys("gitea")[0] == "gitea"
    assert keys("Gitea with MySQL") == ["gitea-with-mysql"]


def test_every_word_must_match() -> None:
    assert keys("git mysql") == ["gitea-with-mysql"]
    assert keys("git nothing") == []


def test_hyphens_do_not_matter() -> None:
    assert keys("uptimekuma") == keys("uptime kuma") == keys("uptime-kuma") == ["uptime-kuma"]


def test_category_and_tag_filter() -> None:
    assert keys("", category="DevTools") == ["gitea", "gitea-with-mysql"]
    assert keys("git", tag="mysql") == ["gitea-with-mysql"]


def test_an_empty_text_gives_all_in_order() -> None:
    assert keys("  ") == list(CATALOG)


def test_people_find_what_the_catalogue_has() -> None:
    catalog = load_catalog()
    for text, key in (
        ("budget", "actualbudget"),
        ("password", "vaultwarden"),
        ("calibre", "calibre-web"),
        ("bookmarks", "linkding"),
        ("blog", "ghost"),
        ("status page", "uptime-kuma"),
    ):
        assert search(catalog.values(), text)[0].key == key, text
