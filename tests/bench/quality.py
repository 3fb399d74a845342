"""How often the checks are right, over 500 good takes and all planted faults of the labelled set."""

from tests.activities.quality.figures import of_checks


def measure() -> dict[str, float]:
    """Percent: recall and precision of the checks, and good takes that they flag."""
    figures = of_checks()
    return {
        "recall": 100 * figures.recall,
        "precision": 100 * figures.precision,
        "flagged": 100 * figures.flagged_share,
    }
