"""Templates: scikit-learn's, brought into layers, and what has none."""

import logging

import numpy as np
import pytest
import torch
from sklearn.cluster import MiniBatchKMeans
from sklearn.decomposition import PCA

from neuro.learning import ImprintedPatches, Patches, PCATemplates, SphericalKMeans, Templates, history_of
from neuro.models.convnet import dense_features, feature_chain
from neuro.models.initial import randomised
from neuro.stimuli import Stimuli

RAW = Patches("raw", places=None)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def noise(n=30, size=6):
    return Stimuli(0.1 + 0.9 * torch.rand(n, 1, size, size, generator=seeded(8)))


def dense(units=5):
    return randomised(dense_features(units, 36), seeded(1))


def test_the_centres_are_scikit_learns_at_length_one():
    patches = torch.nn.functional.normalize(torch.randn(300, 6, generator=seeded(1)))
    ours = SphericalKMeans(batch_size=50).templates(patches, 4, seeded())
    seed = int(torch.randint(2**31, (1,), generator=seeded()))
    theirs = MiniBatchKMeans(
        4, batch_size=50, max_iter=10, n_init=1, random_state=seed, max_no_improvement=None
    ).fit(patches.numpy())
    assert theirs.n_steps_ == 60
    centres = torch.from_numpy(theirs.cluster_centers_)
    torch.testing.assert_close(ours, centres / centres.norm(dim=1, keepdim=True))


def test_two_clusters_are_found():
    around = torch.tensor([[1.0, 0.0], [0.0, 1.0]]).repeat(100, 1) + 0.05 * torch.randn(
        200, 2, generator=seeded(1)
    )
    ours = SphericalKMeans().templates(torch.nn.functional.normalize(around), 2, seeded())
    torch.testing.assert_close(ours[ours[:, 0].argsort()], torch.eye(2).flip(0), atol=0.02, rtol=0)


def test_components_come_in_order_each_with_its_negative():
    patches = torch.randn(400, 4, generator=seeded(2)) * torch.tensor([1.0, 3.0, 0.5, 2.0])
    ours = PCATemplates().templates(patches, 5, seeded())
    assert ours.shape == (5, 4)
    assert torch.equal(ours[0], -ours[1])
    assert torch.equal(ours[2], -ours[3])
    assert ours[::2].abs().argmax(1).tolist() == [1, 3, 0]
    theirs = torch.from_numpy(PCA(3, svd_solver="full").fit(patches.numpy()).components_)
    torch.testing.assert_close(ours[::2], theirs)


def test_units_beyond_the_components_keep_their_weights_and_are_told(caplog):
    model = randomised(feature_chain((20,), window=3), seeded())
    with caplog.at_level(logging.WARNING, "neuro.learning"):
        trained = Templates(PCATemplates()).fit(model, noise(), seeded())
    # Nine pixels without their mean have eight directions, and sixteen templates.
    said = "conv1.filters: 4 of 20 planes had no template and kept their initial weights: 16, 17, 18, 19"
    assert said in caplog.messages
    after, before = trained.conv1.filters.weight, model.conv1.filters.weight
    assert torch.equal(after[16:], before[16:])
    overlap = after[:16:2].flatten(1) @ after[:16:2].flatten(1).T
    torch.testing.assert_close(overlap, torch.eye(8), atol=1e-5, rtol=0)


def test_imprinted_units_each_hold_another_patch():
    trained = Templates(ImprintedPatches(), patches=RAW).fit(dense(), noise(), seeded())
    weights = trained.dense1.linear.weight
    same = (weights[:, None] == noise().images.flatten(1)).all(-1)
    assert same.sum(1).tolist() == [1] * 5
    assert len(same.int().argmax(1).unique()) == 5


def test_imprinted_patches_of_convolutions_are_contrast_normalised():
    weights = (
        Templates(ImprintedPatches())
        .fit(feature_chain((5,), window=3), noise(), seeded())
        .conv1.filters.weight
    )
    torch.testing.assert_close(weights.flatten(1).norm(dim=1), torch.ones(5))
    torch.testing.assert_close(weights.sum((1, 2, 3)), torch.zeros(5), atol=1e-6, rtol=0)


def test_a_second_layer_holds_what_the_templates_of_the_first_make_of_images():
    model = randomised(feature_chain((3, 4), window=3), seeded())
    trained = Templates(ImprintedPatches(), patches=RAW).fit(model, noise(size=14), seeded())
    seen = trained.pool1(trained.conv1(noise(size=14).images)).detach()
    every = torch.nn.functional.unfold(seen, 3).transpose(1, 2).flatten(0, 1)
    held = trained.conv2.filters.weight.detach().flatten(1)
    distance = torch.cdist(held, every, compute_mode="donot_use_mm_for_euclid_dist")
    assert (distance.amin(1) < 1e-5).all()


def test_the_original_is_untouched_biases_are_zero_and_one_seed_gives_one_result():
    model = feature_chain((4,), window=3)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    for method in (SphericalKMeans(), ImprintedPatches()):
        results = [Templates(method).fit(model, noise(), seeded(seed)).state_dict() for seed in (0, 0, 1)]
        assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
        assert (results[0]["conv1.filters.bias"] == 0).all()
        assert all(torch.equal(results[0][name], results[1][name]) for name in before)
        assert not torch.equal(results[0]["conv1.filters.weight"], results[2]["conv1.filters.weight"])
    assert history_of(Templates(method).fit(model, noise(), seeded())) == {"samples seen": [30]}


def test_the_products_of_clusters_are_those_of_distances_in_all_steps_and_at_the_start():
    # Twice 11 patches in batches of 4: 5 steps, 4 patches from 3 centres, 2 products each. At the start all
    # 11, as 3 batches would be more: from one centre, 2 times from 2 + 1 candidates, once from all 3.
    assert SphericalKMeans(batch_size=4, epochs=2).macs(11, 2, 3) == 2 * (5 * 4 * 3 + 11 * (1 + 2 * 3 + 3))
    # One step of all ten, and no fewer than 3 times the units at the start.
    assert SphericalKMeans(batch_size=50, epochs=1).macs(10, 2, 1) == 2 * (10 + 10 * (1 + 1))
    assert SphericalKMeans(batch_size=2, epochs=1).macs(100, 1, 10) == 100 * 10 + 30 * (1 + 9 * 4 + 10)


def test_the_products_of_components_are_those_of_the_covariance_and_its_eigenvectors():
    assert PCATemplates().macs(10, 3, 4) == 90 + 45  # ten outer products of 3 x 3; 2/3 of 27, and 27


def test_what_the_method_computes_outside_torch_is_kept_for_every_layer():
    method, model = PCATemplates(), randomised(feature_chain((3, 4), window=3), seeded(1))
    history = history_of(Templates(method, patches=RAW).fit(model, noise(size=14), seeded()))
    # 12 by 12 places of each of 30 images; then, pooled by two and seen through 3 by 3 again, 4 by 4.
    assert history == {
        "conv1.filters macs": [method.macs(30 * 144, 9, 3)],
        "conv2.filters macs": [method.macs(30 * 16, 27, 4)],
        "samples seen": [30],
    }


def test_stimuli_seen_are_those_whose_patches_are_looked_at_as_often_as_the_method_does():
    model, stimuli = randomised(feature_chain((3,), window=3), seeded(1)), noise(n=300, size=14)
    for sample, images in ((10**6, 300), (200, 256)):  # 256 images at a time, until there are enough patches
        learner = Templates(SphericalKMeans(epochs=4), sample, RAW)
        assert history_of(learner.fit(model, stimuli, seeded()))["samples seen"] == [4 * images]


def test_images_that_do_not_fit_are_refused_by_the_name_of_the_layer():
    with pytest.raises(ValueError, match=r"layer 'dense1\.linear' takes 36 inputs; it met 30"):
        Templates(PCATemplates()).fit(dense(), Stimuli(torch.rand(9, 1, 6, 5)), seeded())


def test_labels_too_few_patches_and_no_sample_are_refused():
    with pytest.raises(ValueError, match="PCATemplates learns without a teacher"):
        Templates(PCATemplates()).fit(dense(), Stimuli(noise(3).images, {"label": np.arange(3)}), seeded())
    with pytest.raises(ValueError, match=r"dense1\.linear has 5 units and sees only 3 patches"):
        Templates(SphericalKMeans()).fit(dense(), noise(3), seeded())
    with pytest.raises(ValueError, match="sample is a number of patches"):
        Templates(PCATemplates(), sample=0)
