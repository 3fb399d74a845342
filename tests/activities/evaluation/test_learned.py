"""The metrics with published weights load them, and compute what their authors define; the sets have known values."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from activities.evaluation.figures import figures_of_sets
from activities.evaluation.measure import REFERENCE, measured
from activities.evaluation.metrics.learned.sets import frechet_distance, inception_score, jackknife
from activities.evaluation.metrics.learned.weights import CLIP, PACKAGES, use_weights
from activities.evaluation.metrics.registry import registered
from activities.providers.installed import is_installed
from tests.activities.evaluation.test_metrics import sample, take, tone
from tests.activities.quality.labelled import videos
from tests.workflows.evaluation.samples import AT, cell, column, result
from workflows.evaluation.cases import Case, Expected
from workflows.evaluation.records import EvaluationStatus, EvaluationView, MeasureTake, ModelProgress
from workflows.evaluation.report import compare, make_report
from workflows.models import Modality

LEARNED = ("clip_score", "aesthetic", "fid", "inception_score", "fvd", "wav2vec_similarity")
INSTALLED = all(map(is_installed, PACKAGES))
needs_torch = pytest.mark.skipif(not INSTALLED, reason="the extra `metrics` is not installed")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    use_weights(tmp_path / "weights")
    yield tmp_path / "weights"
    use_weights(None)


@pytest.fixture
def weights(folder: Path) -> Path:
    from tests.activities.evaluation.learned import make_weights

    make_weights(folder)
    return folder


def gaussian(mean: Any, covariance: Any, count: int = 500) -> Any:
    """Vectors whose sample mean and covariance are exactly these."""
    drawn = np.random.default_rng(3).normal(size=(count, len(mean)))
    white = drawn - drawn.mean(axis=0)
    white = white @ np.linalg.inv(np.linalg.cholesky(np.cov(white.T))).T
    return white @ np.linalg.cholesky(np.asarray(covariance, float)).T + np.asarray(mean, float)


@pytest.mark.parametrize(
    ("first", "second", "distance"),
    [
        (([0, 0], np.eye(2)), ([0, 0], np.eye(2)), 0.0),
        (([0, 0], np.eye(2)), ([3, 4], np.eye(2)), 25.0),
        (([1, 2, 3], np.diag([4, 9, 1])), ([1, 2, 3], np.diag([1, 1, 16])), 1 + 4 + 9),
        # Two that do not commute: tr(AB)^½ of a 2 x 2 matrix is (tr AB + 2 (det AB)^½)^½.
        (([0, 0], [[2, 1], [1, 2]]), ([0, 1], [[5, 0], [0, 1]]), 1 + 4 + 6 - 2 * math.sqrt(12 + 2 * math.sqrt(15))),
    ],
)
def test_the_distance_of_gaussians_has_its_closed_form(first: Any, second: Any, distance: float) -> None:
    """The Fréchet distance is that of the Gaussians, in both orders, and also of more vectors than dimensions."""
    one, other = gaussian(*first), gaussian(*second)
    assert frechet_distance(one, other) == pytest.approx(distance, abs=1e-9)
    assert frechet_distance(other, one) == pytest.approx(distance, abs=1e-9)


def test_fewer_vectors_than_dimensions_have_the_same_distance() -> None:
    """Vectors in a subspace of many dimensions are as far apart as in the subspace alone."""
    one, other = gaussian([0, 0], np.eye(2), 20), gaussian([1, 1], np.diag([4, 9]), 20)
    turned = np.linalg.qr(np.random.default_rng(1).normal(size=(60, 60)))[0][:2]
    assert frechet_distance(one @ turned, other @ turned) == pytest.approx(frechet_distance(one, other))
    assert frechet_distance(one, other) == pytest.approx(2 + 1 + 4)


def test_the_inception_score_counts_classes() -> None:
    """Sure answers of n classes score n, and unsure or equal ones score 1."""
    assert inception_score(np.eye(5)) == pytest.approx(5)
    assert inception_score(np.full((4, 10), 0.1)) == pytest.approx(1)
    assert inception_score(np.tile(np.eye(10)[0], (4, 1))) == pytest.approx(1)


def test_the_interval_of_a_set_is_that_of_a_mean() -> None:
    """For a mean, the jackknife has Student's interval; two takes have none."""
    values = np.random.default_rng(2).normal(5, 1, 20)
    found = jackknife(20, lambda chosen: float(values[list(chosen)].mean()))
    half = 2.093024 * values.std(ddof=1) / math.sqrt(20)
    assert found.n == 20
    assert [found.mean, found.low, found.high] == pytest.approx(
        [values.mean(), values.mean() - half, values.mean() + half]
    )
    assert jackknife(2, lambda _: 1.0).low is None


@pytest.mark.parametrize("name", LEARNED)
def test_absent_weights_are_named(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the packages the error names the extra, and without weights their name and the place for them."""
    metric = registered()[name]
    monkeypatch.setattr("activities.evaluation.metrics.learned.weights.is_installed", lambda package: True)
    assert str(folder) in metric.missing()
    use_weights(None)
    assert "GREENLIGHT_METRICS_WEIGHTS" in metric.missing()
    monkeypatch.setattr("activities.evaluation.metrics.learned.weights.is_installed", lambda package: False)
    assert "install greenlight[metrics]" in metric.missing()
    assert any(author in metric.missing() for author in ("openai/", "nvidia/", "universome/", "facebook/"))


@needs_torch
def test_pictures_are_rated_by_clip(weights: Path, tmp_path: Path) -> None:
    """The score is 100 times the cosine of the library's own vectors; a video is rated like its equal frames."""
    from tests.activities.evaluation.learned import cosine

    picture, other = tmp_path / "a.png", tmp_path / "b.png"
    Image.effect_noise((90, 40), 80).convert("RGB").save(picture)
    Image.radial_gradient("L").resize((64, 64)).convert("RGB").save(other)
    score, aesthetic = registered()["clip_score"], registered()["aesthetic"]
    assert not score.missing()
    assert not aesthetic.missing()
    for text in ("a cat", "some dog " * 40):
        expected = cosine(weights / CLIP.name, other, text)
        assert score.measure(sample(other, Modality.IMAGE, text)) == pytest.approx(100 * max(expected, 0), abs=1e-3)
    assert expected > 0
    assert aesthetic.measure(sample(picture, Modality.IMAGE)) != aesthetic.measure(sample(other, Modality.IMAGE))
    video = tmp_path / "v.mp4"
    video.write_bytes(videos.encode(iter([np.asarray(Image.open(other))] * 12), size=(64, 64)))
    moving, still = (aesthetic.measure(sample(p, m)) for p, m in ((video, Modality.VIDEO), (other, Modality.IMAGE)))
    assert moving == pytest.approx(still, abs=0.2)


@needs_torch
def test_a_recording_is_like_itself(weights: Path, tmp_path: Path) -> None:
    """The similarity to the same recording is 1 and to another one less; silence and a missing reference have none."""
    metric = registered()["wav2vec_similarity"]
    path, other = tone(tmp_path / "a.wav", (1.0, 0.5)), tmp_path / "b.wav"
    tone(other, (0.4, 0.1), (0.3, 0), (0.3, 0.9))
    assert metric.measure(sample(path, Modality.AUDIO, reference=path)) == pytest.approx(1, abs=1e-5)
    assert metric.measure(sample(path, Modality.AUDIO, reference=other)) < 0.9999
    silent = tone(tmp_path / "c.wav", (1.0, 0))
    with pytest.raises(Exception, match="silent"):
        metric.measure(sample(path, Modality.AUDIO, reference=silent))
    with pytest.raises(Exception, match="no reference"):
        metric.measure(sample(path, Modality.AUDIO))


def _measured(path: Path, modality: Modality, metrics: tuple[str, ...], reference: Path) -> Any:
    case = Case(case_id="c", line=1, prompt="x", modality=modality, expected=Expected(reference="stored:references/r"))
    request = MeasureTake(
        evaluation_id="e", cell=cell(1).model_copy(update={"case": case}), metrics=metrics, take=take()
    )
    return measured(request, path, None, None, reference)


@needs_torch
def test_sets_keep_vectors_of_takes_and_references(weights: Path, tmp_path: Path) -> None:
    """A picture and a video give vectors and no values; two equal sets have the distance 0."""
    picture, reference = tmp_path / "a.png", tmp_path / "b.png"
    Image.effect_noise((50, 40), 60).convert("RGB").save(picture)
    Image.new("RGB", (64, 64), "blue").save(reference)
    found, vectors = _measured(picture, Modality.IMAGE, ("fid", "inception_score"), reference)
    assert (found.values, found.notes) == ({}, {})
    assert {name: len(rows) for name, rows in vectors.items()} == {"fid": 1, f"fid{REFERENCE}": 1, "inception_score": 1}
    assert vectors["inception_score"].sum() == pytest.approx(1, abs=1e-5)
    moving, short = tmp_path / "v.mp4", tmp_path / "s.mp4"
    moving.write_bytes(videos.encode(videos.moving(1, 40, (64, 48)), size=(64, 48)))
    short.write_bytes(videos.encode(videos.moving(1, 5, (64, 48)), size=(64, 48)))
    _, vectors = _measured(moving, Modality.VIDEO, ("fvd",), moving)
    assert frechet_distance(vectors["fvd"], vectors[f"fvd{REFERENCE}"]) == pytest.approx(0, abs=1e-9)
    found, vectors = _measured(short, Modality.VIDEO, ("fvd",), moving)
    assert (found.notes, vectors) == ({"fvd": "the video has fewer than 10 frames"}, {})


def test_the_report_has_a_value_of_each_model() -> None:
    """A metric of sets has a figure for each model with two takes, none for single takes, and compares evaluations."""
    view = EvaluationView(
        evaluation_id="e", status=EvaluationStatus.DONE, tenant="default", requester="x", created_at=AT, max_usd=0,
        columns=(column("near"), column("far"), column("one")), progress=(ModelProgress(),) * 3,
        metrics=("fid", "cost"),
    )  # fmt: skip
    results = [result(3 * line + n, line, n) for line in range(6) for n in range(3)]
    rng, vectors = np.random.default_rng(1), {}
    for each in results:
        if each.column < 2 or each.line == 1:
            row = rng.normal(size=(1, 4))
            vectors[each.number] = {"fid": row, f"fid{REFERENCE}": row + each.column}
    figures = figures_of_sets(view, results, vectors)
    assert [(f.column, f.interval.n) for f in figures] == [(0, 6), (1, 6)]
    assert figures[0].interval.mean == pytest.approx(0, abs=1e-9)
    assert figures[1].interval.mean == pytest.approx(4)
    assert figures[1].interval.high is not None
    info = registered()["fid"].info()
    report = make_report(view, results, (info, registered()["cost"].info()), AT, figures)
    assert report.metrics == (info,)
    (same, _) = compare(report, report).rows
    assert (same.metric, same.difference.mean, same.difference.paired) == ("fid", 0, False)
