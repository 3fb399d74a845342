"""The totals of all trials of a run: for the terminal, and as Markdown for tests/README.md."""

import statistics
from collections import Counter

from rich.table import Table

from tests.chaos.audit.money import STEP
from tests.chaos.trial import Outcome

BUDGETS = ("exact", "less", "more", "plenty", "nothing")


def rows(outcomes: list[Outcome]) -> dict[str, str]:
    """Name -> total over all trials."""

    def total(name: str) -> Counter[str]:
        return sum((getattr(o, name) for o in outcomes), Counter[str]())

    def number(name: str) -> str:
        return str(sum(getattr(o, name) for o in outcomes))

    did, stops, s3 = total("did"), total("stops"), total("s3_faults")
    approvals = total("approvals")
    explained = Counter({reason: steps * STEP for reason, steps in total("explained").items()})
    without = sum(o.world.get("worker commands") == "off" for o in outcomes)
    failed = sum(bool(o.problems) for o in outcomes)
    return {
        "trials, failed": f"{len(outcomes)}, {failed}; {without} without worker commands",
        "productions": words(total("statuses")),
        "waiting for a person": words(total("attention")),
        "approved with a budget that is": ", ".join(f"{approvals[kind]} {kind}" for kind in BUDGETS),
        "kills": f"{words(total('kills'))}; {number('inside')} inside a submission",
        "SIGSTOPs longer than every timeout": f"{stops.total()}: {words(stops)}",
        "faults of vendors": words(total("faults")),
        "responses of S3": words(s3),
        "cancels during submit, resets, reopenings": ", ".join(
            str(did[what]) for what in ("cancel during submit", "reset", "reopening")
        ),
        "plans in several languages, pictures read by a model": f"{number('translated')}, {number('read')}",
        "submissions billed": f"{number('billed')}; {number('billed_usd')} USD, on record {number('spent_usd')} USD",
        "caps exceeded": number("caps_exceeded"),
        "billed beyond the published price": f"{number('beyond_price_usd')} USD",
        "overruns reported, not reported": f"{number('overruns')}, {number('overruns_unreported')}",
        "second bills flagged, unflagged": f"{number('flagged')}, {number('unflagged')}",
        "differences explained (USD at most)": words(explained),
        "productions with an unexplained difference": f"{number('differences')} ({number('unexplained_usd')} USD)",
        "lost objects, overwritten, orphans": f"{number('lost')}, {number('overwritten')}, {number('orphans')}",
        "jobs that continued after a cancel": number("ran_on"),
        "events, cut connections": f"{number('events')}, {number('cuts')}",
        "records with other times after a replay": number("drifted"),
        "recovery": _spread([s for o in outcomes for s in o.recovery_seconds]),
        "time until all productions are at rest": _spread([o.settled_seconds for o in outcomes]),
        "requests of people": words(did),
        "offered decisions that were refused": str(total("refused_offers").total()),
    }


def table(outcomes: list[Outcome]) -> Table:
    found = Table("figure", "", title="Chaos", show_header=False)
    for figure, amount in rows(outcomes).items():
        found.add_row(figure, amount)
    return found


def markdown(outcomes: list[Outcome]) -> str:
    lines = [f"| {figure} | {amount} |" for figure, amount in rows(outcomes).items()]
    return "\n".join([f"| figure | in {len(outcomes)} trials |", "|---|---|", *lines, ""])


def words(counts: Counter[str]) -> str:
    return ", ".join(f"{n} {what}" for what, n in counts.most_common()) or "none"


def _spread(seconds: list[float]) -> str:
    if len(seconds) < 2:
        return ", ".join(f"{s:.1f} s" for s in seconds) or "none"
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return f"p50 {cuts[49]:.1f} s, p99 {cuts[98]:.1f} s of {len(seconds)}"
