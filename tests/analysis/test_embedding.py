import numpy as np
import pytest
from sklearn.metrics import pairwise_distances

from neuro.analysis import cluster_scores, pca, trustworthiness, tsne


def clouds(n=20, classes=3, width=60, spread=0.1, seed=0):
    generator = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), n)
    return np.eye(classes, width)[labels] * 5 + generator.normal(0, spread, (len(labels), width)), labels


def test_all_principal_components_keep_every_distance():
    points = np.random.default_rng(0).normal(size=(30, 6))
    assert pairwise_distances(pca(points)) == pytest.approx(pairwise_distances(points))


def test_principal_components_are_uncorrelated_and_come_in_order_of_variance():
    covariance = np.cov(pca(np.random.default_rng(1).normal(size=(200, 8)) * np.arange(1, 9), 5).T)
    assert covariance == pytest.approx(np.diag(np.diag(covariance)), abs=1e-9)
    assert (np.diff(np.diag(covariance)) < 0).all()


def test_there_are_at_most_as_many_components_as_features_and_as_points():
    points = np.random.default_rng(2).normal(size=(60, 70))
    assert pca(points).shape == (60, 50)
    assert pca(points[:, :4]).shape == (60, 4)
    assert pca(points[:7]).shape == (7, 7)
    assert pca(points, 2).shape == (60, 2)


@pytest.mark.slow
def test_one_seed_gives_one_map():
    points = np.random.default_rng(3).normal(size=(300, 80))
    assert np.array_equal(tsne(points, 4), tsne(points, 4))


@pytest.mark.parametrize("n", [4, 20])
def test_a_few_points_have_a_map_too(n):
    xy = tsne(np.random.default_rng(4).normal(size=(n, 5)), 0)
    assert xy.shape == (n, 2)
    assert np.isfinite(xy).all()


def test_clouds_that_lie_apart_score_full_marks_in_features_and_picture():
    points, labels = clouds()
    for space in (points, tsne(points, 0)):
        scores = cluster_scores(space, labels, seed=0)
        assert (scores.purity, scores.ari, scores.nmi) == pytest.approx((1, 1, 1))
    assert cluster_scores(points, labels, seed=0).silhouette > 0.7


def test_a_picture_that_is_the_features_can_be_trusted():
    points, _ = clouds(width=2, classes=2, spread=2.0, n=40)
    assert trustworthiness(points, points) == 1


def test_without_labels_there_are_no_scores():
    scores = cluster_scores(clouds()[0], None, seed=0)
    assert np.isnan([scores.purity, scores.silhouette, scores.ari, scores.nmi]).all()


def test_a_picture_unrelated_to_the_features_scores_as_chance():
    points, labels = clouds(n=200)
    noise = np.random.default_rng(5).normal(size=(600, 2))
    scores = cluster_scores(noise, labels, seed=0)
    # Purity of three equal classes by chance is 1/3; ARI is 0 by construction. Trustworthiness of a
    # random picture is about 1/2.
    assert scores.purity == pytest.approx(1 / 3, abs=0.03)
    assert scores.ari == pytest.approx(0, abs=0.03)
    assert trustworthiness(points, noise) == pytest.approx(0.5, abs=0.05)


def test_purity_counts_the_ten_nearest_and_not_the_point_itself():
    # Two clumps of 11 on a line, far apart, each with a single stranger in its midst. To the 10 of the
    # clump's own class 9 of 10 neighbours are alike, to the stranger none: 10/11 * 9/10 = 9/11.
    line = np.concatenate([np.arange(11), 1000 + np.arange(11)])[:, None] * [1.0, 0.0]
    labels = np.repeat([0, 1], 11)
    labels[5], labels[16] = 1, 0
    assert cluster_scores(line, labels, seed=0).purity == pytest.approx(9 / 11)


def test_trustworthiness_charges_strangers_in_the_picture_by_their_rank_in_the_features():
    points = np.random.default_rng(8).normal(size=(30, 3))
    picture, n, k = points[:, :2], 30, 10
    rank = pairwise_distances(points).argsort(axis=1).argsort(axis=1)  # 0 is the point itself
    drawn = pairwise_distances(picture).argsort(axis=1)[:, 1 : k + 1]
    charge = np.maximum(np.take_along_axis(rank, drawn, axis=1) - k, 0).sum()
    # Venna & Kaski (2001).
    expected = 1 - 2 * charge / (n * k * (2 * n - 3 * k - 1))
    assert trustworthiness(points, picture) == pytest.approx(expected)


def test_one_seed_gives_one_set_of_scores():
    points, labels = clouds(spread=4.0)
    assert cluster_scores(points, labels, 7) == cluster_scores(points, labels, 7)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (np.zeros(5), r"features must be \(B, F\) and not empty; got shape \(5,\)"),
        (np.zeros((0, 3)), "not empty"),
        (np.full((5, 3), np.nan), "features must be finite"),
        (np.ones((5, 3)), "the same for all stimuli, as in a silent layer"),
    ],
)
def test_features_that_cannot_be_embedded_are_refused(points, message):
    with pytest.raises(ValueError, match=message):
        pca(points)
    with pytest.raises(ValueError, match=message):
        tsne(points, 0)


@pytest.mark.parametrize("shape", [(3, 5), (9, 1)])
def test_a_map_of_next_to_nothing_is_refused(shape):
    with pytest.raises(ValueError, match="at least 4 points of 2 features; got"):
        tsne(np.random.default_rng(6).normal(size=shape), 0)


def test_scores_of_parts_that_do_not_fit_are_refused():
    points, labels = clouds()
    with pytest.raises(ValueError, match=r"must fit; got \(60, 60\) and \(59,\)"):
        cluster_scores(points, labels[1:], 0)
    with pytest.raises(ValueError, match=r"B at least 3; got \(60, 60\) and \(59, 2\)"):
        trustworthiness(points, points[1:, :2])
    with pytest.raises(ValueError, match="more than 10 points of at least 2 classes; got 20 points of 1"):
        cluster_scores(points[:20], labels[:20], 0)
