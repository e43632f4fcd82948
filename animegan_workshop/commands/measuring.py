"""Commands that measure: samples, reference sets, attribute networks, experiments, speed."""

import argparse
import time
from pathlib import Path

from animegan_workshop.commands import base
from animegan_workshop.commands.base import command, one_of, option, positive
from animegan_workshop.commands.engine import unused_weights
from animegan_workshop.experiments.design import design_names

EXPERIMENTS = ", ".join(design_names())


@command(
    one_of(
        base.FACES,
        option("--reference", help="untagged, tagged, or a file made by `reference`"),
    ),
    base.WEIGHTS,
    option("--count", type=positive, default=2_000, help="samples to draw from the weights"),
    base.SEED,
    option("--attributes", type=Path, help="an attribute network (default: the one that suits)"),
    option("--neighbours", type=positive, default=2_000, help="samples to look up among the faces"),
    option("--json", type=Path, help="write the measures here"),
)
def measure(arguments: argparse.Namespace) -> str:
    """Measure the mode spread of samples against faces."""
    import json

    from animegan_helpers.attributes import load_attributes
    from animegan_helpers.faces import load_faces
    from animegan_helpers.files import unused, write_text
    from animegan_helpers.measures import measure_samples, table
    from animegan_helpers.reference import choose_network, load_reference, network_of
    from animegan_workshop.measuring import measure_against

    if arguments.json:
        unused(arguments.json)
    start = time.monotonic()
    if arguments.reference:
        reference = load_reference(arguments.reference)
        network = network_of(reference, arguments.attributes)
        samples = base.samples_of(arguments)
        real = reference.yardstick(len(samples))
        measures = measure_samples(samples, network, reference, real, progress=True)
    else:
        faces = load_faces(arguments.faces)
        network = load_attributes(arguments.attributes or choose_network(faces))
        how = {"neighbours": arguments.neighbours, "progress": True}
        measures = measure_against(faces, base.samples_of(arguments), network, **how)
    print(table(measures))
    if arguments.json:
        write_text(arguments.json, json.dumps(measures, indent=2) + "\n")
    return f"measured {measures['samples']['count']:,} samples in {time.monotonic() - start:.0f} s"


@command(
    base.FACES,
    base.WEIGHTS,
    option("--count", type=positive, default=3_000, help="samples to draw"),
    base.SEED,
)
def outside_judge(arguments: argparse.Namespace) -> str:
    """Frechet distance of samples on the features of EfficientNet-lite2, at 128 pixels."""
    from animegan_helpers.faces import load_faces
    from animegan_helpers.measures import frechet_distance, moments
    from animegan_workshop.projected import lite2_features

    faces = load_faces(arguments.faces)
    rest, held_out = faces.hold_out(min(5_000, len(faces) // 2))  # as `train --hold-out 5000`
    samples = base.samples_of(arguments)
    real = rest.subset(slice(None, None, max(1, len(rest) // arguments.count)))
    right = moments(lite2_features(held_out.images))
    found = [
        frechet_distance(lite2_features(one), right)
        for one in (samples, real.images[: arguments.count])
    ]
    return "samples {:.1f}, faces trained on {:.1f}".format(*found)


@command(
    base.FACES,
    option("--about", default="", help="what the faces are, kept in the file"),
    option("--out", type=Path, required=True, help="FILE.safetensors"),
)
def reference(arguments: argparse.Namespace) -> str:
    """Keep what samples are measured against as numbers, without any picture."""
    from animegan_helpers.attributes import load_attributes
    from animegan_helpers.faces import load_faces
    from animegan_helpers.reference import choose_network
    from animegan_workshop.attribute_training import save_reference
    from animegan_workshop.measuring import split

    unused_weights(arguments.out)
    faces = load_faces(arguments.faces)
    parts = split(faces, load_attributes(choose_network(faces)), progress=True)
    sizes = [size for size in (500, 2_000, 10_000) if size <= len(parts.rows)] or [len(parts.rows)]
    parts.reference.yardsticks = {size: parts.yardstick(size) for size in sizes}
    save_reference(arguments.out, parts.reference, arguments.about)
    return f"{parts.reference.count:,} of {len(faces):,} faces as numbers in {arguments.out}"


@command(
    base.FACES,
    option("--count", type=positive, help="use at most so many faces"),
    option("--factors", nargs="+", help="factors to learn (default: all there are)"),
    option("--epochs", type=positive, default=8),
    base.SEED,
    option("--mirror", action="store_true", help="mirror half of the faces"),
    option("--out", type=Path, required=True, help="FILE.safetensors"),
)
def attributes(arguments: argparse.Namespace) -> str:
    """Train the network that names what is in a face, on labelled faces."""
    from animegan_helpers.faces import load_faces
    from animegan_workshop.attribute_training import accuracies, save_attributes, train_attributes

    unused_weights(arguments.out)
    faces = load_faces(arguments.faces, count=arguments.count)
    how = {"epochs": arguments.epochs, "seed": arguments.seed}
    network, confusion = train_attributes(faces, arguments.factors, mirror=arguments.mirror, **how)
    right = accuracies(confusion)
    tables = {factor: table.tolist() for factor, table in confusion.items()}
    about = {"faces": len(faces), **how, "held_out_accuracy": right, "confusion": tables}
    save_attributes(arguments.out, network, about)
    return "\n".join(f"{name}: {share:.1%} of the held-out tenth" for name, share in right.items())


@command(
    option("name", help=f"one of {EXPERIMENTS}"),
    option("--seeds", type=positive, help="runs of each arm (default: the budget's)"),
    option("--budget", help="smoke, laptop or gpu (default: ANIMEGAN_BUDGET, else the machine's)"),
    option("--faces", help="real faces instead of drawn ones; hair-colours needs a labels.csv"),
    base.DEVICE,
    option("--out", type=Path, help="folder of the result (default: data/experiments)"),
    option("--workers", type=positive, help="runs at a time on a CPU (default: one for each core)"),
)
def experiment(arguments: argparse.Namespace) -> str:
    """Test a claim of the report: arms that differ in one thing, several seeds, JSON."""
    from animegan_helpers.budget import choose_budget
    from animegan_workshop.experiments.runner import run_experiment

    name, budget = arguments.name, choose_budget(arguments.budget).name
    how = arguments.seeds, arguments.faces, arguments.device
    path = run_experiment(name, budget, *how, arguments.out, arguments.workers)
    return f"results in {path}"


@command(option("--out", type=Path, help="the page (default: docs/experiments.md)"))
def experiments_page(arguments: argparse.Namespace) -> str:
    """Write docs/experiments.md anew from the results of all experiments."""
    from animegan_helpers.files import unused, write_text
    from animegan_workshop.experiments import document

    path = unused(arguments.out) if arguments.out else document.PAGE
    write_text(path, document.experiments_page())
    return f"{path} written"


@command(
    base.FACES,
    option("--width", type=positive, default=64),
    option("--batch", type=positive, default=50),
    base.DEVICE,
    option("--page", action="store_true", help="time a face in a page, and in notebook 06"),
)
def benchmark(arguments: argparse.Namespace) -> str:
    """Time the training step against the textbook loop on this machine, or a face in a page."""
    from animegan_workshop.benchmark import benchmark_page, run_benchmark

    size = arguments.width, arguments.batch
    steps = run_benchmark(arguments.faces, *size, arguments.device)
    for line in benchmark_page() if arguments.page else steps:
        print(line, flush=True)
    return ""


@command(
    base.DEVICE,
    option("--budget", help="smoke, laptop or gpu (default: ANIMEGAN_BUDGET, else what fits)"),
)
def check(arguments: argparse.Namespace) -> int:
    """Check that this machine computes what it should, and say how long the course takes here."""
    from animegan_workshop.check import run_check

    return run_check(arguments.device, arguments.budget)
