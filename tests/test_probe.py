"""The linear probe, and the features that it reads."""

import numpy as np
import pytest
import torch

from animegan_helpers.networks import Discriminator, initialise
from animegan_helpers.probe import (
    discriminator_features,
    extract_features,
    linear_probe,
    pixel_features,
)
from animegan_workshop.experiments.variants import FullyConnectedDiscriminator


@pytest.fixture(scope="module")
def planted():
    """600 rows whose label is the largest of their first three columns."""
    x = torch.randn(600, 20, generator=torch.Generator().manual_seed(0))
    return x, np.array(["a", "b", "c"])[x[:, :3].argmax(1).numpy()]


def test_it_reads_what_is_linear_and_nothing_else(planted):
    x, labels = planted
    probe = linear_probe(x, labels)
    assert probe.values == ["a", "b", "c"] and probe.weights.shape == (3, 20)
    assert probe.accuracy > 0.85 > 0.5 > probe.chance
    assert probe.contrast("a", "b") @ torch.tensor([-1.0, 1] + [0] * 18) > 1.3  # at most root 2
    exclusive = ((x[:, 0] > 0) ^ (x[:, 1] > 0)).numpy()  # no line tells these apart
    assert linear_probe(x, exclusive).accuracy < 0.65
    assert linear_probe(x, np.random.default_rng(0).permutation(labels)).accuracy < 0.5


def test_the_scale_of_a_column_does_not_matter(planted):
    x, labels = planted
    scale = torch.logspace(-3, 3, 20)
    a, b = linear_probe(x, labels), linear_probe(x * scale + 5, labels)
    assert a.accuracy == b.accuracy and torch.allclose(a.weights, b.weights * scale, atol=1e-3)


def test_rows_sorted_by_label_are_no_trouble(planted):
    x, labels = planted
    order = labels.argsort(kind="stable")
    probe = linear_probe(x[torch.from_numpy(order)], labels[order])
    assert probe.accuracy > 0.85 and probe.chance < 0.5


def test_an_empty_label_is_left_out(planted):
    x, labels = planted
    some = np.where(np.arange(600) % 3 == 0, "", labels)
    assert linear_probe(x, some).values == ["a", "b", "c"]


def test_the_interval_stays_between_0_and_1(planted):
    x = planted[0]
    probe = linear_probe(x, np.where(x[:, 0] > 0, "plus", "minus"), penalty=1e-4)
    low, high = probe.interval
    assert 0 < low < probe.accuracy <= high <= 1


@pytest.mark.parametrize("labels", [["a"] * 40, ["a", "b"] * 3 + [""] * 34])
def test_too_little_to_learn_from_is_one_line(labels):
    with pytest.raises(ValueError, match="use more faces") as error:
        linear_probe(torch.zeros(40, 2), np.array(labels))
    assert "\n" not in str(error.value)


def test_features():
    images = np.random.default_rng(0).integers(0, 256, (6, 3, 64, 64), dtype=np.uint8)
    dcgan = initialise(Discriminator(width=4)).train()
    before = [buffer.clone() for buffer in dcgan.buffers()]
    found = extract_features(discriminator_features(dcgan), images, chunk=4)
    assert found.shape == (6, 16 * 15 * 4) and dcgan.training
    assert all(torch.equal(a, b) for a, b in zip(before, dcgan.buffers()))
    with torch.no_grad():  # the last layer is 4 x 4 already
        last = dcgan.eval().blocks(torch.from_numpy(images) / 127.5 - 1)
    assert torch.allclose(found[:, -16 * 8 * 4 :], last.flatten(1), atol=1e-5)
    flat = discriminator_features(FullyConnectedDiscriminator(4))
    assert extract_features(flat, images).shape == (6, 32)
    assert extract_features(pixel_features, images).shape == (6, 3_072)
