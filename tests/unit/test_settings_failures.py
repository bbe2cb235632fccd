"""Settings that are hard to read: a SettingsInvalid with a reason, never another error, and never a secret in it."""

from pathlib import Path

import pytest

from homeport.core.secret import Secret
from homeport.db.engine import open_database
from homeport.errors import SettingsInvalid
from homeport.settings import Settings, load_settings

KEY = "a key for tests of 32 characters or more"


def _load(folder: Path, **values: str) -> Settings:
    return load_settings(
        {"HOMEPORT_DATA_DIR": str(folder), **{f"HOMEPORT_{k}": v for k, v in values.items()}}
    )


@pytest.mark.parametrize("content", [b"", b"\n", b"short\n", b"\xff" * 40])
def test_a_broken_key_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "secret.key").write_bytes(content)
    with pytest.raises(SettingsInvalid):
        _load(tmp_path)


def test_a_key_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "secret.key").mkdir()
    with pytest.raises(SettingsInvalid, match=r"secret\.key"):
        _load(tmp_path)


def test_a_key_file_is_not_followed_out_of_the_data_dir(tmp_path: Path) -> None:
    """A link to nowhere would have the key written where somebody else points."""
    (tmp_path / "secret.key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SettingsInvalid, match=r"secret\.key"):
        _load(tmp_path)
    assert not (tmp_path / "elsewhere").exists()


def test_a_key_file_of_several_lines_is_a_ring(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text(f"{KEY}\n\n{KEY[::-1]}\n")
    assert [key.reveal() for key in _load(tmp_path).secret_keys] == [KEY, KEY[::-1]]


def test_a_number_that_has_no_end(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="HOMEPORT_API_RATE_LIMIT") as raised:
        _load(tmp_path, API_RATE_LIMIT="9" * 5000)
    assert len(raised.value.message) < 200


@pytest.mark.parametrize(
    "url",
    [
        "sqlite+aiosqlite:///",
        "sqlite+aiosqlite:///:memory:",
        "postgresql+psycopg://user:hunter2@h:port/d",
        "hunter2",
    ],
)
def test_urls_of_no_database(url: str) -> None:
    with pytest.raises(SettingsInvalid, match="HOMEPORT_DATABASE_URL") as raised:
        open_database(url, (Secret(KEY),))
    assert "hunter2" not in raised.value.message


def test_a_wrong_url_does_not_show_its_password(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid) as raised:
        _load(tmp_path, DATABASE_URL="mysql://user:hunter2@h/d")
    assert "hunter2" not in raised.value.message


def test_a_short_key_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid) as raised:
        _load(tmp_path, SECRET_KEY=f"{KEY},hunter2")
    assert "hunter2" not in raised.value.message
    assert KEY not in raised.value.message
