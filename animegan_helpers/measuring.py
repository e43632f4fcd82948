"""One table of measures for a set of samples, beside what the real faces themselves get."""

import numpy as np
import torch

from animegan_helpers import modes
from animegan_helpers.attributes import AttributeNetwork, name_faces
from animegan_helpers.faces import FaceSet, to_tensor


@torch.no_grad()
def features_of(network: AttributeNetwork, images: np.ndarray, chunk: int = 250) -> np.ndarray:
    """float32 (N, F) features of uint8 (N, 3, 64, 64) images, a chunk at a time."""
    parts = [network.features(to_tensor(images[k : k + chunk])).numpy() for k in range(0, len(images), chunk)]
    return np.concatenate(parts)


def measure_samples(samples: np.ndarray, faces: FaceSet, network: AttributeNetwork,
                    factors: tuple[str, ...] = ("hair", "eyes"), neighbours: int = 500) -> dict:  # fmt: skip
    """Measures of uint8 samples (N, 3, 64, 64) against faces, and of half of the faces against the other half.

    The modes are the products of `factors`, as `network` names them in samples and faces alike, so that its mistakes
    fall on both sides. Neighbours are looked up for the first `neighbours` samples, in pixels.
    Returns {"samples": {...}, "real": {...}, "counts": ...}, ready for JSON.
    """
    sizes = {factor: len(network.factors[factor]) for factor in factors}
    order = np.random.default_rng(0).permutation(len(faces))
    size = min(len(samples), len(faces) // 2)
    if size < 2:
        raise ValueError(f"{len(faces)} faces are too few to measure against: use at least 4")
    held_out, reference = np.sort(order[:size]), np.sort(order[size:])
    reference_images = faces.images[reference]
    reference_counts = modes.count_modes(name_faces(network, reference_images).values, sizes)
    reference_features = features_of(network, reference_images)

    def row(images: np.ndarray) -> dict:
        counts = modes.count_modes(name_faces(network, images).values, sizes)
        queries = images[:neighbours]
        nearest = modes.nearest_neighbours(queries, reference_images)
        among = modes.nearest_neighbours(images, images, same=True)
        return {
            "count": len(images),
            "modes": modes.modes_covered(counts),
            "modes_interval": modes.bootstrap(modes.modes_covered, counts),
            "kl": modes.kl_divergence(counts, reference_counts),
            "kl_interval": modes.bootstrap(lambda c: modes.kl_divergence(c, reference_counts), counts),
            "js": modes.js_divergence(counts, reference_counts),
            "frechet": modes.frechet_distance(features_of(network, images), reference_features),
            "nearest_real": float(np.median(nearest.distances)),
            "nearest_other": float(np.median(among.distances)),
            "counts": counts.tolist(),
        }

    return {
        "modes_possible": int(np.prod(list(sizes.values()))),
        "reference": {"count": len(reference), "modes": modes.modes_covered(reference_counts),
                      "counts": reference_counts.tolist()},
        "samples": row(samples[:size]),
        "real": row(faces.images[held_out]),
    }  # fmt: skip


ROWS = {
    "count": "pictures measured",
    "modes": "modes covered",
    "kl": "KL to the data's modes (nats)",
    "js": "Jensen-Shannon (nats, at most 0.693)",
    "frechet": "Frechet distance on attribute features",
    "nearest_real": "nearest training face, median (grey levels)",
    "nearest_other": "nearest other picture, median (grey levels)",
}


def table(measures: dict) -> str:
    """The measures as text, samples beside held-out real faces."""
    lines = [f"{'':46}{'samples':>12}{'real faces':>12}"]
    for name, text in ROWS.items():
        values = [measures[column][name] for column in ("samples", "real")]
        lines.append(f"{text:46}" + "".join(f"{v:>12,}" if isinstance(v, int) else f"{v:>12.3f}" for v in values))
    reference = measures["reference"]
    lines.append(f"against {reference['count']:,} real faces, which cover {reference['modes']} of "
                 f"{measures['modes_possible']} modes")  # fmt: skip
    return "\n".join(lines)
