"""The latent space: samples, the way between two of them, the weights that are explored."""

from dataclasses import asdict

import pytest
import torch
from answering import SPECIAL, answering_generator

from animegan_helpers.checkpoint import (
    CheckpointError,
    Weights,
    best_weights,
    own_runs,
    save_weights,
)
from animegan_helpers.directions import principal_directions
from animegan_helpers.latent import generate, plot_strips, sample_latent, slerp, strip
from animegan_helpers.settings import preset


@pytest.fixture(scope="module")
def generator():
    return answering_generator()


@pytest.mark.parametrize("z_dim", [2, 16, 100])
def test_a_row_of_z_depends_on_seed_and_number_only(z_dim):
    many = sample_latent(300, z_dim, seed=3)
    for count in (1, 2, 7, 64):
        assert torch.equal(sample_latent(count, z_dim, seed=3), many[:count])
    assert not torch.equal(sample_latent(1, z_dim, seed=4), many[:1])
    gaussian = torch.randn(112, generator=torch.Generator().manual_seed(3))
    assert torch.equal(many[0], gaussian[:z_dim])


def test_slerp_meets_its_ends_and_keeps_the_length():
    start, end = sample_latent(50, seed=1), sample_latent(50, seed=2)
    assert torch.allclose(slerp(start, end, 0.0), start, atol=1e-5)
    assert torch.allclose(slerp(start, end, 1.0), end, atol=1e-5)
    between = start.norm(dim=1).lerp(end.norm(dim=1), 0.3)
    assert torch.allclose(slerp(start, end, 0.3).norm(dim=1), between, rtol=1e-4)
    half = slerp(start, end, 0.5)
    to_start, to_end = (torch.cosine_similarity(half, other) for other in (start, end))
    assert torch.allclose(to_start, to_end, atol=1e-4)
    assert (start.lerp(end, 0.5).norm(dim=1) < 0.85 * half.norm(dim=1)).all()


def test_slerp_of_parallel_and_opposite_vectors_is_finite():
    start = sample_latent(3)
    end = torch.stack([start[0], -start[1], sample_latent(1, seed=9)[0]])
    middle = slerp(start, end, 0.5)
    assert torch.isfinite(middle).all()
    assert torch.allclose(middle[0], start[0])
    assert middle[2].norm() > 9  # the lines of the others do not take the arc from the third


def test_generating_leaves_mode_and_buffers_alone():
    generator = answering_generator().train()
    before = {name: tensor.clone() for name, tensor in generator.state_dict().items()}
    images = generate(generator, sample_latent(30), chunk=7)
    principal_directions(generator, 3, samples=200)
    assert generator.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in generator.state_dict().items())
    assert images.shape == (30, 3, 64, 64) and images.abs().max() <= 1
    alone = generate(generator, sample_latent(30)[4:5])
    assert torch.allclose(images[4:5], alone, atol=1e-4)  # eval mode: independent of neighbours


def test_a_strip_has_its_face_in_the_middle(generator):
    z = sample_latent(1)
    row = strip(generator, z[0], SPECIAL, reach=2.0)
    wanted = torch.cat([z - 2 * SPECIAL, z, z + 2 * SPECIAL])
    assert torch.allclose(row[[0, 3, 6]], generate(generator, wanted), atol=1e-4)
    figure = plot_strips({"a": row, "b": row}, "title", range(7), "step")
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["a", "b"]


def test_the_students_newest_run_is_preferred(generator, tmp_path, monkeypatch):
    monkeypatch.setenv("ANIMEGAN_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr("animegan_helpers.checkpoint.PRETRAINED", tmp_path / "pretrained")
    with pytest.raises(CheckpointError, match="05"):
        best_weights()
    shipped = tmp_path / "pretrained" / "drawn.safetensors"
    names = ("05-a", "05-b", "05-smoke-c", "05-broken-zero", "07-x")
    own = [tmp_path / "runs" / name / "generator.safetensors" for name in names]
    for path in (shipped, *own):
        save_weights(path, Weights(generator, None, {"config": asdict(preset("smoke"))}))
    assert best_weights("modern", "drawn") == shipped  # a run without curves is not whole
    for path in own:
        path.with_name("history.csv").touch()
    assert best_weights() == own[1]
    assert [run.name for run in own_runs()] == ["05-b", "05-a", "05-smoke-c"]
    for home in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(home, str(tmp_path))
    monkeypatch.setenv("ANIMEGAN_RUNS", "~/runs")  # as a settings file may give it
    assert best_weights() == own[1]
