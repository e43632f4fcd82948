"""Writes the page of a generator: one HTML file that asks the network for nothing."""

import base64
import contextlib
import gzip
import hashlib
import html
import io
import json
import re
from pathlib import Path

import numpy as np
import torch
from torch import nn

from animegan_helpers.checkpoint import PRETRAINED, Weights
from animegan_helpers.classifiers import choose_classifier, pose_classifier
from animegan_helpers.directions import named_directions, principal_directions
from animegan_helpers.faces import to_uint8
from animegan_helpers.latent import generate, sample_latent
from animegan_helpers.replay import grid_paths, load_grids
from animegan_workshop.export import webp_bytes
from animegan_workshop.page.layers import Layer, PageError, compute, read_layers

FOLDER = Path(__file__).parent
SEED = 55  # of the first face, as in notebook 06
SAMPLES = 2_000  # faces from which the named directions are found, as in notebook 06
EPOCHS = 30  # moments of a run that a page shows at most
ACROSS = 4  # faces of a sheet of one epoch, each way
CELL = 66  # pixels from one face of a grid to the next


def packed(data: bytes) -> str:
    """base64 of a gzip file with the data; the same text for the same data."""
    return base64.b64encode(gzip.compress(data, 9, mtime=0)).decode("ascii")


def eight_bits(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Whole numbers from -127 to 127, and for each column the factor that they stand for."""
    scale = weight.flatten(0, -2).abs().amax(0).clamp_min(1e-12) / 127
    return (weight / scale).round(), scale


def pack_layers(layers: list[Layer], small: bool) -> tuple[list[dict], bytes, bytes]:
    """What the page is told of the layers, their weights, and their other numbers.

    The weights are of half precision, or with `small` of 8 bits. The layers' own weights become
    what the page will read, so that `compute` gives its faces.
    """
    told, weights, numbers = [], io.BytesIO(), io.BytesIO()
    for layer in layers:
        about = {"kind": layer.kind, "relu": layer.relu, "bias": len(layer.bias)}
        about |= {"weights": [list(weight.shape) for weight in layer.weights], "pads": layer.pads}
        told.append(about | {"shape": layer.shape, "groups": layer.groups})
        for k, weight in enumerate(layer.weights):
            if layer.kind == "norm":
                numbers.write(weight.float().numpy().tobytes())
            elif small:
                whole, scale = eight_bits(weight.float())
                numbers.write(scale.numpy().tobytes())
                weights.write(whole.to(torch.int8).numpy().tobytes())
                layer.weights[k] = whole * scale
            else:
                half = weight.half().contiguous()
                weights.write(half.numpy().tobytes())
                layer.weights[k] = half.float()
        numbers.write(layer.bias.float().contiguous().numpy().tobytes())
    return told, weights.getvalue(), numbers.getvalue()


def find_directions(weights: Weights) -> dict[str, torch.Tensor]:
    """The sliders of notebook 06: name -> (z_dim,) of length 1."""
    generator = weights.generator
    z = sample_latent(SAMPLES, generator.z_dim)
    images = generate(generator, z)
    names = choose_classifier(weights.about, images[:300]).name(images)
    pose = PRETRAINED / "drawn-attributes.safetensors"
    if pose.is_file():
        names |= pose_classifier(pose).name(images)
    found = {}
    with contextlib.suppress(ValueError):  # names that depend on each other give no sliders
        found = named_directions(z, names)
    ways = principal_directions(generator, min(3, generator.z_dim))
    return found | {f"PCA {k + 1}": way for k, way in enumerate(ways)}


def epoch_sheets(run: Path) -> dict[int, bytes]:
    """Epoch -> a WebP file with the same 16 noises, at up to EPOCHS moments of a run."""
    if not grid_paths(run):
        return {}
    grids = load_grids(run)
    epochs = list(grids)
    chosen = np.linspace(0, len(epochs) - 1, min(len(epochs), EPOCHS)).round().astype(int)
    sheets = {}
    for epoch in (epochs[k] for k in chosen):
        side = min(ACROSS * CELL - 2, *grids[epoch].size)
        sheets[epoch] = webp_bytes(grids[epoch].crop((0, 0, side, side)), 60)
    return sheets


def card_of(path: Path, about: dict) -> dict[str, str]:
    """Title, what the weights are, and their licence: from their card, else from what they know."""
    card = path.with_suffix(".md")
    if not card.is_file():
        epochs, pictures = (about.get(name, "some") for name in ("epoch", "pictures"))
        what = (
            f"A generator trained on {pictures} pictures for {epochs} epochs, in a course on GANs."
        )
        licence = "none is named. Ask whoever trained them before you pass faces on."
        return {
            "title": (path if path.is_dir() else path.parent).resolve().name,
            "card": what,
            "licence": licence,
        }
    parts = card.read_text("utf-8").replace("`", "").split("\n\n", 2)
    title, what, rest = (*parts, "", "")[:3]
    points = dict(re.findall(r"^- \*\*(.+?)\*\*:? (.*?)(?=\n-|\n\n|\Z)", rest, re.M | re.S))
    trained = f" Trained on {points['Trained on']}" if "Trained on" in points else ""
    texts = {"title": title.lstrip("# "), "card": what + trained}
    texts["licence"] = points.get("Licence", "its card names none.")
    return {name: " ".join(text.split()) for name, text in texts.items()}


def policy_hash(text: str) -> str:
    """How a content security policy names a script or a style that it allows."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def as_json(value: object) -> str:
    """JSON that may stand in a <script>."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


POLICY = (
    "default-src 'none'; img-src data: blob:; base-uri 'none'; form-action 'none'; "
    "style-src {style}; script-src {scripts} 'wasm-unsafe-eval'"
)
"""What a page may load: nothing. The style and the scripts in it are named by their hashes."""


def page_text(about: dict, card: dict[str, str], blobs: dict[str, str]) -> str:
    """The HTML of a page."""

    def read(*parts: str) -> str:
        return FOLDER.joinpath(*parts).read_text(encoding="utf-8")

    style, runtime = read("page.css"), read("runtime", "runtime.min.js")
    script = "\n".join(map(read, ("latent.js", "engine.js", "page.js")))
    hashes = f"{policy_hash(runtime)} {policy_hash(script)}"
    policy = POLICY.format(style=policy_hash(style), scripts=hashes)
    head = f'<meta http-equiv="Content-Security-Policy" content="{policy}" />'
    data = [
        f'<script type="text/plain" id="{name}">{blob}</script>' for name, blob in blobs.items()
    ]
    data.append(f'<script type="application/json" id="about">{as_json(about)}</script>')
    holes = {name: html.escape(text) for name, text in card.items()}
    holes |= {"numbers_of_z": str(about["zDim"]), "head": f"{head}\n<style>{style}</style>"}
    own = [f"<script>{text}</script>" for text in (runtime, script)]
    holes["scripts"] = "\n".join(data + own)
    return re.sub(r"\{\{(\w+)\}\}", lambda hole: holes[hole[1]], read("page.html"))


def largest_difference(generator: nn.Module, layers: list[Layer], count: int = 100) -> int:
    """The most levels of 255 by which a pixel of the page may differ from the generator's."""
    z = sample_latent(count, generator.z_dim, seed=1)
    ours, theirs = (to_uint8(x).astype(int) for x in (compute(layers, z), generate(generator, z)))
    return int(np.abs(ours - theirs).max())


def make_page(
    weights: Weights, path: Path, small: bool = False, title: str = ""
) -> tuple[str, int]:
    """The page of the weights in `path`, and the most levels by which its pixels differ from G's.

    small: weights of 8 bits, which halve the page. Raises PageError.
    """
    generator = weights.generator
    layers = read_layers(generator)
    if largest_difference(generator, layers, 4) > 1:
        raise PageError("a page computes layer after layer, and this generator does not")
    told, weight_bytes, number_bytes = pack_layers(layers, small)
    start = sample_latent(1, generator.z_dim, SEED)
    run = path if path.is_dir() else path.with_suffix("")
    sheets = epoch_sheets(run) or epoch_sheets(path.parent)
    card = card_of(path, weights.about)
    card |= {"title": title} if title else {}
    about = {
        "zDim": generator.z_dim,
        "seed": SEED,
        "small": small,
        "layers": told,
        "directions": {
            n: [round(v, 5) for v in d.tolist()] for n, d in find_directions(weights).items()
        },
        "key": hashlib.sha256(weight_bytes).hexdigest()[:12],
        "epochs": {e: base64.b64encode(sheet).decode("ascii") for e, sheet in sheets.items()},
    }
    blobs = {
        "weights": packed(weight_bytes),
        "numbers": packed(number_bytes),
        "first": packed(to_uint8(compute(layers, start))[0].transpose(1, 2, 0).tobytes()),
        "wasm": packed((FOLDER / "runtime" / "tfjs-backend-wasm-simd.wasm").read_bytes()),
        "licences": (FOLDER / "runtime" / "LICENSES.txt").read_text(encoding="utf-8"),
    }
    return page_text(about, card, blobs), largest_difference(generator, layers)
