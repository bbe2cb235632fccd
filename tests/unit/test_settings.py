"""Settings: defaults, every value that is refused, and the key file."""

import stat
from pathlib import Path

import pytest

from homeport.errors import SettingsInvalid
from homeport.settings import Settings, load_client_settings, load_settings

KEY = "k" * 32


def load(folder: Path, **values: str) -> Settings:
    return load_settings(
        {"HOMEPORT_DATA_DIR": str(folder / "data")}
        | {f"HOMEPORT_{name}": text for name, text in values.items()}
    )


def test_defaults_are_a_sqlite_file_and_a_key_in_the_data_dir(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.database_url == f"sqlite+aiosqlite:///{tmp_path}/data/homeport.db"
    assert settings.is_sqlite
    assert (settings.host, settings.port, settings.api_rate_limit) == ("127.0.0.1", 8000, 200)
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "data" / "secret.key").stat().st_mode) == 0o600
    assert load(tmp_path).secret_keys == settings.secret_keys


def test_the_key_is_not_shown(tmp_path: Path) -> None:
    settings = load(tmp_path, SECRET_KEY=KEY)
    assert settings.secret_keys[0].reveal() == KEY
    assert KEY not in repr(settings)
    assert not (tmp_path / "data" / "secret.key").exists()


def test_several_keys_and_lists(tmp_path: Path) -> None:
    settings = load(tmp_path, SECRET_KEY=f"{KEY}1, {KEY}2", TRUSTED_PROXIES=" 10.0.0.0/8,, ::1 ")
    assert [key.reveal() for key in settings.secret_keys] == [f"{KEY}1", f"{KEY}2"]
    assert settings.trusted_proxies == ("10.0.0.0/8", "::1")


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("postgresql://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgres://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql+psycopg://h/d", "postgresql+psycopg://h/d"),
        ("sqlite:////var/x.db", "sqlite+aiosqlite:////var/x.db"),
    ],
)
def test_database_urls(tmp_path: Path, url: str, read: str) -> None:
    assert load(tmp_path, DATABASE_URL=url).database_url == read


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("DATABASE_URL", "mysql://h/d"),
        ("SECRET_KEY", "short"),
        ("PORT", "x"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("API_RATE_LIMIT", "-1"),
        ("API_RATE_LIMIT", "٣"),
        ("SERVER_ROOT", "/a/../b"),
        ("TLS_INTERNAL", "maybe"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        load(tmp_path, **{name: text})
    assert f"HOMEPORT_{name}" in caught.value.message or repr(text) in caught.value.message


def test_a_data_dir_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(SettingsInvalid, match="HOMEPORT_DATA_DIR"):
        load(tmp_path)


def test_client_settings() -> None:
    settings = load_client_settings({"HOMEPORT_URL": "https://h.test/api/v1/", "HOMEPORT_TOKEN": "1|secret"})
    assert settings.url == "https://h.test"
    assert settings.token is not None
    assert "secret" not in repr(settings)
    with pytest.raises(SettingsInvalid, match="HOMEPORT_URL"):
        load_client_settings({"HOMEPORT_URL": "h.test"})
