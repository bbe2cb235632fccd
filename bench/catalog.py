"""From the text of a built-in type to what Compose gets: no server, no database, one core."""

import statistics
import time

from bench.figures import row
from homeport.catalog import Template
from homeport.catalog.load import load_catalog
from homeport.core.compose.load import load
from homeport.core.compose.render import render
from tests.support.compose import make_scope


def render_every_template(rounds: int) -> None:
    """Of each template the median of `rounds`; printed are the mean of these, and the slowest."""
    medians_s = {
        template.key: statistics.median(_render_once(template) for _ in range(rounds))
        for template in load_catalog().values()
    }
    worst = max(medians_s, key=lambda key: medians_s[key])
    row(
        f"load and render, {len(medians_s)} built-in types",
        f"mean {1000 * statistics.mean(medians_s.values()):.2f} ms   "
        f"worst {1000 * medians_s[worst]:.2f} ms ({worst})",
    )


def _render_once(template: Template) -> float:
    scope = make_scope(service_type=template.key, catalog_port=template.port)
    started = time.perf_counter()
    render(load(template.compose), scope)
    return time.perf_counter() - started
