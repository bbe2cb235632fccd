"""What composes ask for, in every form that Compose knows, and what they do not need to ask for."""

import pytest

from homeport.core.policy import GRANTS, asks_of_snapshot
from tests.unit.policy.asking import asks_of, component, snapshot_of
from tests.unit.policy.cases import BENIGN, COMPONENTS, DOCUMENTS, MALFORMED, Case


@pytest.mark.parametrize("case", COMPONENTS, ids=lambda case: case.text[:90])
def test_a_key_of_a_component(case: Case) -> None:
    asks = asks_of(component(case.text, case.values))
    assert tuple(ask.key for ask in asks) == case.asks
    for ask in asks:
        assert ask.grant in GRANTS
        assert ask.place.startswith("services.web.")
        assert ask.line in (3, 4)
        assert ask.message.startswith(f"{ask.place} (line {ask.line}): ")
        assert ask.message.endswith(f", which needs the grant {ask.grant}.")


@pytest.mark.parametrize("case", DOCUMENTS, ids=lambda case: case.text[:90])
def test_a_document(case: Case) -> None:
    assert tuple(ask.key for ask in asks_of(case)) == case.asks


@pytest.mark.parametrize("case", BENIGN, ids=lambda case: case.text[:90])
def test_what_asks_for_nothing(case: Case) -> None:
    assert asks_of(case) == ()


@pytest.mark.parametrize("case", MALFORMED, ids=lambda case: case.text[:90])
def test_what_is_doubtful_counts_as_what_is_worse(case: Case) -> None:
    asks = asks_of_snapshot(snapshot_of(component(case.text).text), proxy="CADDY")
    assert tuple(ask.key for ask in asks) == case.asks
