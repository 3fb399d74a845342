"""The judges over the labelled set: the gate judges a few takes, `python -m tests.activities.judging` all."""

from activities.storage.bucket import Storage
from tests.activities.judging.labelled.figures import of_observer


async def test_a_judge_that_looks_finds_the_damage(storage: Storage) -> None:
    """Wrong, missing and additional subjects, a subject that leaves, mismatched languages and wrong words are rejected,
    and no good take is; every take gets a verdict."""
    result = await of_observer(storage, count=4)
    assert (result.wrong, result.unjudged) == ([], [])
    assert set(map(str, result.figures)) == {"image", "video", "text", "audio"}
    assert all(each.found and each.passed for each in result.figures.values())
