"""The latent space: drawing, walking, directions, and the slider without a browser."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from animegan_helpers.attributes import AttributeNetwork, save_attributes
from animegan_helpers.checkpoint import CheckpointError, best_weights, save_weights
from animegan_helpers.explorer import Explorer
from animegan_helpers.latent import (
    draw_latent,
    draw_strips,
    face_reader,
    film_strip,
    generate,
    mean_difference_direction,
    picture_changes,
    principal_directions,
    random_directions,
    sample_faces,
    slerp,
    strip,
)
from animegan_helpers.networks import FullyConnectedGenerator, Generator, initialise
from animegan_helpers.training import preset

SPECIAL = random_directions(1, seed=5)[0]


@pytest.fixture(scope="module")
def one_generator():
    """A small one that answers visibly, and far more strongly to SPECIAL than to other directions."""
    torch.manual_seed(0)
    generator = initialise(Generator(width=4)).requires_grad_(False)
    for name, parameter in generator.named_parameters():
        if name.endswith("0.weight"):
            parameter.mul_(4)
    first = generator.blocks[0][0].weight  # (z_dim, 8w, 4, 4)
    first += 6 * torch.einsum("y,z,zfhw->yfhw", SPECIAL, SPECIAL, first)
    for module in generator.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None  # plain means over what follows
    for _ in range(5):
        generator(torch.randn(50, 100))
    return generator


@pytest.fixture
def generator(one_generator):
    return one_generator.eval()


@pytest.mark.parametrize("z_dim", [2, 16, 100])
def test_a_row_of_z_depends_on_seed_and_number_only(z_dim):
    many = draw_latent(300, z_dim, seed=3)
    for count in (1, 2, 7, 64):
        assert torch.equal(draw_latent(count, z_dim, seed=3), many[:count])
    assert not torch.equal(draw_latent(1, z_dim, seed=4), many[:1])


def test_z_is_a_standard_gaussian():
    z = draw_latent(4_000)
    assert abs(z.mean()) < 0.01 and abs(z.std() - 1) < 0.01
    assert abs(z.norm(dim=1).mean() - 9.975) < 0.05  # the mean of the chi distribution with 100 degrees of freedom
    assert float((torch.corrcoef(z.T) - torch.eye(100)).abs().max()) < 0.1


def test_slerp_meets_its_ends_and_keeps_the_length():
    start, end = draw_latent(50, seed=1), draw_latent(50, seed=2)
    assert torch.allclose(slerp(start, end, 0.0), start, atol=1e-5)
    assert torch.allclose(slerp(start, end, 1.0), end, atol=1e-5)
    between = start.norm(dim=1).lerp(end.norm(dim=1), 0.3)
    assert torch.allclose(slerp(start, end, 0.3).norm(dim=1), between, rtol=1e-4)
    half = slerp(start, end, 0.5)  # the same angle from both
    angles = [torch.cosine_similarity(half, other) for other in (start, end)]
    assert torch.allclose(*angles, atol=1e-4)
    assert (start.lerp(end, 0.5).norm(dim=1) < 0.85 * half.norm(dim=1)).all()


def test_slerp_of_parallel_and_opposite_vectors_is_finite():
    start = draw_latent(3)
    end = torch.stack([start[0], -start[1], draw_latent(1, seed=9)[0]])
    middle = slerp(start, end, 0.5)
    assert torch.isfinite(middle).all()
    assert torch.allclose(middle[0], start[0])
    assert middle[2].norm() > 9  # its neighbours' lines do not take the arc from the third


def test_generating_leaves_mode_and_buffers_alone(generator):
    generator.train()
    before = {name: tensor.clone() for name, tensor in generator.state_dict().items()}
    images = generate(generator, draw_latent(30), chunk=7)
    principal_directions(generator, 3, samples=200)
    assert generator.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in generator.state_dict().items())
    assert images.shape == (30, 3, 64, 64) and images.abs().max() <= 1
    alone = generate(generator, draw_latent(30)[4:5])
    assert torch.allclose(images[4:5], alone, atol=1e-4)  # no neighbour has a say


def test_samples_do_not_depend_on_their_number(generator):
    few, many = sample_faces(generator, 3, seed=2), sample_faces(generator, 20, seed=2)
    assert few.dtype == np.uint8 and few.shape == (3, 3, 64, 64)
    assert np.abs(few.astype(int) - many[:3]).max() <= 1


def test_principal_directions_find_what_moves_the_picture(generator):
    directions = principal_directions(generator, 5, samples=2_000)
    assert directions.shape == (5, 100)
    assert torch.allclose(directions.norm(dim=1), torch.ones(5), atol=1e-5)
    assert abs(directions[0] @ SPECIAL) > 0.95
    z = draw_latent(40, seed=7)
    changes = picture_changes(generator, z, 3 * torch.cat([directions[:1], random_directions(10, seed=8)]))
    assert changes[0] > 1.5 * changes[1:].max()
    assert torch.equal(directions, principal_directions(generator, 5, samples=2_000))


def test_principal_directions_of_the_fully_connected_generator():
    directions = principal_directions(FullyConnectedGenerator(width=8), 4, samples=300)
    assert directions.shape == (4, 100) and torch.isfinite(directions).all()


def test_mean_difference_finds_a_planted_direction():
    z = draw_latent(4_000)
    planted = random_directions(1, seed=3)[0]
    direction = mean_difference_direction(z, (z @ planted > 1).numpy())
    assert abs(direction.norm() - 1) < 1e-5 and direction @ planted > 0.9
    for nothing in (np.zeros(4_000), np.ones(4_000)):
        with pytest.raises(ValueError, match="without it"):
            mean_difference_direction(z, nothing)


def test_strips_begin_and_end_where_they_should(generator):
    z = draw_latent(2)
    film = film_strip(generator, z[0], z[1], 5)
    assert film.shape == (5, 3, 64, 64)
    assert torch.allclose(film[[0, -1]], generate(generator, z), atol=1e-4)
    row = strip(generator, z[0], SPECIAL, reach=2.0, count=5)
    assert torch.allclose(row[2], generate(generator, z[:1])[0], atol=1e-4)
    figure = draw_strips({"a": film, "b": row}, "title", [1, 2, 3, 4, 5], "step")
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["a", "b"]


def test_faces_are_read_by_the_network_or_by_brightness(tmp_path):
    dark, light = np.full((30, 3, 64, 64), 20, np.uint8), np.full((30, 3, 64, 64), 220, np.uint8)
    faces = np.concatenate([dark, light])
    read = face_reader(faces, tmp_path / "none.safetensors")
    assert (read(faces)["hair"] == ["dark"] * 30 + ["light"] * 30).all()
    network = AttributeNetwork({"hair": ["black", "white"], "eyes": ["blue"]}, width=4).eval()
    save_attributes(tmp_path / "one.safetensors", network, {})
    named = face_reader(faces, tmp_path / "one.safetensors", least=0.0)(faces)
    assert set(named["hair"]) <= {"black", "white", "dark", "light"}
    same = np.concatenate([dark, dark])  # the network sees one colour: brightness is asked instead
    assert set(face_reader(same, tmp_path / "one.safetensors")(faces)["hair"]) == {"dark", "light"}


def test_explorer_needs_no_browser_and_resets_to_the_same_bytes(generator):
    explorer = Explorer(generator, {"special": SPECIAL}, seed=4, describe=lambda images: f"<{len(images)}>")
    first = explorer.image.value
    assert Image.open(io.BytesIO(first)).size == (256, 256)
    assert first == explorer.picture()
    for name, value in {"special": 3.0, "seed": 9, "truncation": 0.5, "way": 0.5, "shift": 4.0}.items():
        before = explorer.image.value
        explorer.controls[name].value = value
        assert explorer.image.value != before, name
    assert "length of z" in explorer.text.value and "&lt;1&gt;" in explorer.text.value
    explorer.reset()
    assert explorer.image.value == first
    assert {name: control.value for name, control in explorer.controls.items()} == explorer.start


def test_explorer_sets_several_and_draws_once(generator, monkeypatch):
    explorer = Explorer(generator, {"special": SPECIAL}, faces=3, scale=1)
    drawn = []
    draw = explorer._draw
    monkeypatch.setattr(explorer, "_draw", lambda z: drawn.append(z) or draw(z))
    explorer.set(seed=5, truncation=0.7, special=-2.0)
    assert len(drawn) == 1
    expected = 0.7 * torch.cat([draw_latent(1, seed=s) for s in (5, 6, 7)]) - 2 * SPECIAL
    assert torch.allclose(drawn[0], expected, atol=1e-5)
    assert Image.open(io.BytesIO(explorer.image.value)).size == (196, 64)
    with pytest.raises(KeyError):
        explorer.set(nonsense=1)
    assert explorer.quiet is False


def test_explorer_walks_to_the_other_seed(generator):
    explorer = Explorer(generator, {}, seed=3)
    explorer.set(towards=8, way=1.0)
    assert torch.allclose(explorer.z(), draw_latent(1, seed=8), atol=1e-4)
    explorer.set(way=0.5)
    assert 8 < explorer.z().norm() < 12


def test_explorer_shows_a_still_picture_where_no_widget_lives(generator, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, **_: shown.append(bundle))
    Explorer(generator, {"special": SPECIAL}).show()
    assert "application/vnd.jupyter.widget-view+json" in shown[0]
    assert shown[0]["image/png"] and "make lab" in shown[0]["text/plain"]


def test_the_students_newest_run_is_preferred(generator, tmp_path, monkeypatch):
    monkeypatch.setenv("ANIMEGAN_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr("animegan_helpers.checkpoint.PRETRAINED", tmp_path / "pretrained")
    with pytest.raises(CheckpointError, match="05"):
        best_weights()
    shipped = tmp_path / "pretrained" / "drawn.safetensors"
    own = [tmp_path / "runs" / name / "generator.safetensors" for name in ("05-a", "05-b", "05-broken-zero", "07-x")]
    save_weights(shipped, generator, None, preset("smoke"), {})
    assert best_weights() == shipped
    for path in own:
        save_weights(path, generator, None, preset("smoke"), {})
    assert best_weights() == own[1]
