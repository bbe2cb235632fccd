"""What `.env` holds: references resolved in order, values exact, sizes bounded.

Tests named q<n> pin a behaviour in which Homeport is meant to differ from the system whose dialect
it reads.
"""

import json
import time
from typing import Any

import pytest

from homeport.core.compose.limits import MAX_COMPONENTS, MAX_VALUE, MAX_VARIABLES
from homeport.core.compose.model import Rendered, Variable
from homeport.core.compose.resolve import env_pairs
from homeport.errors import ComposeRejected
from tests.support.compose import (
    environment,
    render_text,
    user_variables,
)


def one(*items: str, image: str = "acme/app", **scope: Any) -> Rendered:
    """The render of one component `app` with these environment items."""
    listed = json.dumps(list(items))
    return render_text(f"services: {{app: {{image: {image}, environment: {listed}}}}}", **scope)


class TestDotenv:
    def pairs(self, *variables: Variable, **shared: Any) -> dict[str, str]:
        return dict(env_pairs(variables, {"SERVICE_NAME_DB": "db"}, shared)[0])

    def test_the_order(self) -> None:
        keys = ["Z", "RAW", "SERVICE_X_API", "A"]
        variables = user_variables(Z="1", RAW="${SERVICE_X_API}", SERVICE_X_API="k", A="2")
        assert list(self.pairs(*(variables[key] for key in keys))) == [
            "SERVICE_NAME_DB",
            "SERVICE_X_API",
            "RAW",
            "Z",
            "A",
        ]

    def test_q31_references_reach_forward(self) -> None:
        variables = user_variables(A="<$B>", B="${C:-x}-$SERVICE_NAME_DB", C="", D="${C-kept}")
        assert self.pairs(*variables.values()) | {"SERVICE_NAME_DB": ""} == {
            "SERVICE_NAME_DB": "",
            "A": "<x-db>",
            "B": "x-db",
            "C": "",
            "D": "",
        }

    @pytest.mark.parametrize("value", ["pa$word", "pa$$word", "${HOME}/x", "a${", "$", "\\'\"`\n{", "${}"])
    def test_q31_what_is_no_variable_of_the_service_stays_text(self, value: str) -> None:
        assert self.pairs(Variable(key="A", value=value))["A"] == value

    def test_literal_values_never_expand(self) -> None:
        pairs = self.pairs(
            Variable(key="A", value="$B", is_literal=True),
            Variable(key="B", value="b"),
            Variable(key="C", value="$B\n", is_multiline=True),
            Variable(key="D", value="$B", origin="generated"),
        )
        assert (pairs["A"], pairs["C"], pairs["D"]) == ("$B", "$B\n", "$B")

    def test_a_default_of_the_document_follows_composes_grammar(self) -> None:
        assert (
            self.pairs(Variable(key="A", value="a$$b-$GONE-${A:-self}", origin="template"))["A"]
            == "a$b--self"
        )

    def test_a_self_reference_is_empty(self) -> None:
        assert self.pairs(Variable(key="A", value="x$A"))["A"] == "x"

    def test_a_circle_keeps_its_text_and_warns(self) -> None:
        variables = user_variables(A="a$B", B="b${C}", C="c$A")
        pairs, warnings = env_pairs(variables.values(), {}, {})
        assert dict(pairs) == {"A": "abc${A}", "B": "bc${A}", "C": "c${A}"}
        assert warnings == ["C and A refer to each other; the reference stays as it is."]

    def test_a_missing_required_value_in_a_default_warns(self) -> None:
        variable = Variable(key="A", value="${B:?}", origin="template")
        pairs, warnings = env_pairs([variable], {}, {})
        assert pairs == [("A", "${B:?}")]
        assert warnings == ["A: required variable B is missing a value"]

    def test_shared_variables_of_all_scopes(self) -> None:
        text = "{{team.A}}-{{ project.A }}-{{environment.A}}-{{server.A}}-{{team.NO}}-{{x.A}}"
        shared = {scope: {"A": f"{scope}$B"} for scope in ("team", "project", "environment", "server")}
        pairs = self.pairs(Variable(key="T", value=text), Variable(key="B", value="b"), **shared)
        assert pairs["T"] == "team$B-project$B-environment$B-server$B-{{team.NO}}-{{x.A}}"

    def test_shared_variables_are_resolved_beside_references(self) -> None:
        pairs = self.pairs(
            Variable(key="T", value="$B{{team.A}}\0${T}${X:-{{team.A}}}"),
            Variable(key="X", value=""),
            Variable(key="B", value="b"),
            team={"A": "$B\0"},
        )
        assert pairs["T"] == "b$B$B"

    def test_q32_shared_variables_in_the_container_are_resolved_and_escaped(self) -> None:
        rendered = one("A=x-{{server.S}}", shared={"server": {"S": "s$v"}})
        assert environment(rendered, "app") == {"A": "x-s$$v"}

    def test_a_long_chain_is_no_problem(self) -> None:
        chain = [Variable(key=f"V{i}", value=f"${{V{i + 1}}}") for i in range(5000)]
        assert self.pairs(*chain, Variable(key="V5000", value="end"))["V0"] == "end"

    def test_references_that_multiply_are_refused(self) -> None:
        doubling = [Variable(key=f"V{i}", value=f"$V{i + 1}$V{i + 1}") for i in range(40)]
        with pytest.raises(ComposeRejected, match=f"larger than {MAX_VALUE // 1024} KiB"):
            self.pairs(*doubling, Variable(key="V40", value="xx"))


class TestLimits:
    def test_components(self) -> None:
        text = "services:\n" + "".join(f"  a{i}: {{image: a}}\n" for i in range(MAX_COMPONENTS + 1))
        with pytest.raises(ComposeRejected, match="at most 200 components"):
            render_text(text)

    def test_variables(self) -> None:
        with pytest.raises(ComposeRejected, match="at most 5000 variables"):
            one("".join(f"$A{i}" for i in range(MAX_VARIABLES + 1)).join(["K=", ""]))

    def test_aliases_of_long_texts(self) -> None:
        text = f"services: {{a: {{image: a, command: [&x {'x' * 50_000}{', *x' * 1000}]}}}}"
        with pytest.raises(ComposeRejected, match="4 MiB with its aliases"):
            render_text(text)

    def test_shared_values(self) -> None:
        shared = {"team": {"A": "x" * 100_000}}
        with pytest.raises(ComposeRejected, match="shared variables"):
            one("K=" + "{{team.A}}" * 50, shared=shared)
        with pytest.raises(ComposeRejected, match="larger than 128 KiB"):
            one("A=1", shared=shared, variables=user_variables(K="{{team.A}}" * 2))

    def test_all_values(self) -> None:
        many = user_variables(**{f"K{i}": "x" * 100_000 for i in range(30)})
        with pytest.raises(ComposeRejected, match="larger than 2 MiB"):
            one("A=1", variables=many)

    def test_many_declarations_cost_little(self) -> None:
        items = [f"SERVICE_URL_APP_{port}" for port in range(2000)]
        started = time.process_time()
        rendered = one(*items)
        assert time.process_time() - started < 5
        assert len(rendered.variables) == 4002
