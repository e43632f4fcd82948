"""What each command does: its arguments in, a line for the terminal out. Raises ValueError or OSError for wrong input.

Each imports what it needs when it runs: `draw --help` should not wait for torch.
"""

import argparse
import os
import time
from pathlib import Path

import numpy as np

from animegan_helpers.files import unused


def train(arguments: argparse.Namespace) -> str:
    from animegan_helpers import checkpoint, training
    from animegan_helpers.faces import load_faces
    from animegan_helpers.live import ProgressBar
    from animegan_helpers.runs import train as train_run

    settings = (
        "epochs",
        "seed",
        "batch",
        "width",
        "precision",
        "learning_rate_g",
        "learning_rate_d",
        "average",
        "flip",
        "synchronise_batch_norm",
    )
    changes = {
        name: getattr(arguments, name) for name in settings if getattr(arguments, name) is not None
    }
    config = training.preset(arguments.preset, **changes)
    training.choose_device(arguments.device)  # before minutes go into packing faces
    if checkpoint.checkpoints(arguments.out) and not arguments.resume:
        raise ValueError(
            f"{arguments.out} holds a run already: add --resume to go on with it, or choose another --out"
        )
    faces = load_faces(arguments.faces, count=arguments.count, minimum=config.batch)
    if int(os.environ.get("RANK", "0")) == 0:
        print(faces.summary())
    if arguments.hold_out:
        faces = faces.hold_out(arguments.hold_out)[0]
    measures = None
    if arguments.measure_every:
        from animegan_helpers.epoch_measures import measures_for

        measures = measures_for(faces, arguments.measure_every)
    trainer = train_run(
        config,
        faces.images,
        arguments.out,
        ProgressBar(),
        device=arguments.device,
        start=arguments.start_from,
        measure=measures,
    )
    if trainer.group.writes:
        print(f"{arguments.out}: history.csv, grids, checkpoints, generator.safetensors")
    if not trainer.finished:  # so that a script does not go on with half a run
        raise KeyboardInterrupt
    return ""


def draw(arguments: argparse.Namespace) -> str:
    from animegan_workshop.drawing.drawn import parse_only, write_faces

    write_faces(
        arguments.out, arguments.count, arguments.seed, parse_only(arguments.only), arguments.flaws
    )
    return f"{arguments.count} faces in {arguments.out}"


def check_weights_file(path: Path) -> None:
    """Raises ValueError unless the path ends in .safetensors and nothing is there."""
    if path.suffix != ".safetensors":
        raise ValueError(f"{path} must end in .safetensors")
    unused(path)


def export(arguments: argparse.Namespace) -> str:
    import torch

    from animegan_helpers.calibration import contrast_of, match_contrast, recalibrate
    from animegan_helpers.checkpoint import load_weights, save_weights
    from animegan_helpers.faces import load_faces
    from animegan_helpers.replay import export_run
    from animegan_helpers.settings import TrainingConfig

    check_weights_file(arguments.out)
    if arguments.hold_out and not arguments.contrast_of:
        raise ValueError(
            "--hold-out says which faces --contrast-of leaves out: give both, or neither"
        )
    weights = load_weights(arguments.weights)
    about = {key: value for key, value in weights.about.items() if key != "config"} | {
        "data": arguments.data
    }
    config = TrainingConfig(**weights.about["config"])
    if config.average:
        recalibrate(weights.generator)
    if arguments.contrast_of:
        faces = load_faces(arguments.contrast_of)
        training = faces.hold_out(arguments.hold_out)[0] if arguments.hold_out else faces
        about["contrast_factor"] = match_contrast(weights.generator, contrast_of(training.images))
    if arguments.run:
        export_run(arguments.run, arguments.out.with_suffix(""))
    save_weights(
        arguments.out, weights.generator, weights.discriminator, config, about, torch.float16
    )
    return f"{arguments.out}: {arguments.out.stat().st_size / 2**20:.1f} MiB"


def sample(arguments: argparse.Namespace) -> str:
    from animegan_helpers.checkpoint import load_weights
    from animegan_helpers.latent import sample_faces
    from animegan_helpers.pictures import check_samples_target, save_samples

    check_samples_target(arguments.out)
    weights = load_weights(arguments.weights)
    images = sample_faces(weights.generator, arguments.count, arguments.seed)
    save_samples(images.transpose(0, 2, 3, 1), arguments.out)
    return f"{arguments.count} samples in {arguments.out}"


def measure(arguments: argparse.Namespace) -> str:
    from animegan_helpers.attributes import load_attributes
    from animegan_helpers.checkpoint import load_weights
    from animegan_helpers.faces import load_faces
    from animegan_helpers.latent import sample_faces
    from animegan_helpers.measure_table import table, write_json
    from animegan_helpers.measures import against_reference, measure_samples
    from animegan_helpers.reference import choose_network, load_reference, network_of, split

    if arguments.json:
        unused(arguments.json)
    if arguments.samples:
        images = read_samples(arguments.samples)
    else:
        images = sample_faces(
            load_weights(arguments.weights).generator, arguments.count, arguments.seed
        )
    start = time.monotonic()
    if arguments.reference:
        reference = load_reference(arguments.reference)
        measures = against_reference(
            images, reference, network_of(reference, arguments.attributes), progress=True
        )
    else:
        faces = load_faces(arguments.faces)
        path = arguments.attributes or choose_network(faces)
        network = load_attributes(path)
        parts = split(faces, network, path, progress=True)
        measures = measure_samples(
            images, faces, network, parts, arguments.neighbours, progress=True
        )
    print(table(measures))
    if arguments.json:
        write_json(arguments.json, measures)
    return f"measured {measures['samples']['count']:,} samples in {time.monotonic() - start:.0f} s"


def reference(arguments: argparse.Namespace) -> str:
    from animegan_helpers.attributes import load_attributes
    from animegan_helpers.faces import load_faces
    from animegan_helpers.measures import yardstick
    from animegan_helpers.reference import choose_network, save_reference, split

    check_weights_file(arguments.out)
    faces = load_faces(arguments.faces)
    path = choose_network(faces)
    parts = split(faces, load_attributes(path), path, progress=True)
    sizes = [size for size in (500, 2_000, 10_000) if size <= len(parts.rows)] or [len(parts.rows)]
    parts.reference.yardsticks = {size: yardstick(faces, parts, size) for size in sizes}
    save_reference(arguments.out, parts.reference, {"faces": arguments.about})
    return f"{parts.reference.count:,} of {len(faces):,} faces as numbers in {arguments.out}"


def read_samples(path: Path) -> np.ndarray:
    """uint8 (N, 3, 64, 64) from a .npy file of uint8 (N, 64, 64, 3); raises ValueError for anything else."""
    try:
        images = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} is not a readable .npy file: {error}") from None
    if (
        images.dtype != np.uint8
        or images.ndim != 4
        or images.shape[1:] != (64, 64, 3)
        or len(images) < 2
    ):
        raise ValueError(
            f"{path} holds {images.dtype} {images.shape}; samples are uint8 (N, 64, 64, 3), N at least 2"
        )
    return images.transpose(0, 3, 1, 2)


def attributes(arguments: argparse.Namespace) -> str:
    from animegan_helpers.attributes import (
        accuracies,
        confusion_of,
        hold_out,
        save_attributes,
        train_attributes,
    )
    from animegan_helpers.faces import load_faces
    from animegan_workshop.attribute_card import Making, make_card
    from animegan_workshop.teaching.notebooks import hardware

    out, card = arguments.out, arguments.out.with_suffix(".md")
    check_weights_file(out)
    unused(card)
    faces = load_faces(arguments.faces, count=arguments.count)
    start = time.monotonic()
    network, _ = train_attributes(
        faces,
        arguments.factors,
        epochs=arguments.epochs,
        mirror=arguments.mirror,
        seed=arguments.seed,
    )
    making = Making(
        arguments.about,
        attributes_command(arguments),
        len(faces),
        time.monotonic() - start,
        hardware(),
        arguments.use,
    )
    confusion = confusion_of(network, faces.subset(hold_out(len(faces), seed=arguments.seed)[0]))
    right = accuracies(confusion)
    about = {
        "faces": len(faces),
        "epochs": arguments.epochs,
        "seed": arguments.seed,
        "held_out_accuracy": right,
    }
    save_attributes(out, network, about)
    card.write_text(make_card(out.stem, network, confusion, making), encoding="utf-8")
    return "\n".join(
        f"{factor}: {share:.1%} of the held-out tenth" for factor, share in right.items()
    )


def attributes_command(arguments: argparse.Namespace) -> str:
    """The command that makes a network again, with the names of its files and not where they lie."""
    faces = os.environ.get("ANIMEGAN_FACES", "") if arguments.faces is None else arguments.faces
    words = [
        "python -m animegan_helpers attributes",
        f'--faces "{Path(faces).name if faces else ""}"',
    ]
    words += [f"--count {arguments.count}"] if arguments.count else []
    words += [f"--factors {' '.join(arguments.factors)}"] if arguments.factors else []
    words += ["--mirror"] if arguments.mirror else []
    return " ".join(
        [*words, f"--epochs {arguments.epochs} --seed {arguments.seed} --out {arguments.out.name}"]
    )


def experiment(arguments: argparse.Namespace) -> str:
    from animegan_helpers.budget import choose_budget
    from animegan_workshop.experiments.runner import run_experiment

    budget = choose_budget(arguments.budget).name
    path = run_experiment(
        arguments.name,
        budget,
        arguments.seeds,
        arguments.faces,
        arguments.device,
        arguments.out,
        arguments.workers,
    )
    return f"results in {path}"


def benchmark(arguments: argparse.Namespace) -> str:
    if arguments.slider:
        from animegan_workshop.slider_benchmark import run_slider_benchmark

        return run_slider_benchmark()
    from animegan_workshop.benchmark import run_benchmark

    return run_benchmark(
        arguments.faces, arguments.width, arguments.batch, arguments.seconds, arguments.device
    )
