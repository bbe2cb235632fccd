"""A secret shows itself through `reveal` and through nothing else."""

import json
import pickle

import pytest

from homeport.core.secret import Secret

SECRET = Secret("correct horse")


@pytest.mark.parametrize("shown", [str(SECRET), repr(SECRET), f"{SECRET}", f"{SECRET!r:>20}", f"{[SECRET]}"])
def test_is_masked_however_it_is_printed(shown: str) -> None:
    assert "horse" not in shown
    assert Secret.MASK in shown


def test_reveals_itself_when_asked() -> None:
    assert SECRET.reveal() == "correct horse"


def test_refuses_to_be_written_down() -> None:
    with pytest.raises(TypeError):
        json.dumps(SECRET)
    with pytest.raises(TypeError, match="pass the id"):
        pickle.dumps(SECRET)


def test_compares_by_its_text() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2


def test_is_false_when_empty() -> None:
    assert SECRET
    assert not Secret("")
