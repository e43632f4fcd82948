"""Runs an experiment: every arm with every seed, looked at several times; the numbers go to a JSON file.

Runs are independent, so on a CPU each core trains one of them at a time, with one thread. A finished run is kept, so
that an experiment which was stopped goes on where it was, and arms that several experiments share are trained once.
"""

import hashlib
import json
import multiprocessing
import os
import threading
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from tqdm.auto import tqdm

from animegan_helpers import toy
from animegan_helpers.attributes import AttributeNetwork, load_attributes, name_faces
from animegan_helpers.budget import best_precision, choose_device, runs_folder
from animegan_helpers.checkpoint import PRETRAINED
from animegan_helpers.faces import FacesError, FaceSet, load_faces, to_uint8
from animegan_helpers.files import write_atomically
from animegan_helpers.latent import sample_faces
from animegan_helpers.measures import quick_row
from animegan_helpers.networks import count_parameters, make_networks
from animegan_helpers.reference import Reference, choose_network, make_reference
from animegan_helpers.sources import open_source
from animegan_helpers.training import Trainer, TrainingConfig, TrainingError, preset
from animegan_workshop.experiments.arms import EXPERIMENTS, SCALES, Arm, Scale
from animegan_workshop.experiments.results import RESULTS

SUBJECTS = ("animegan_helpers", "animegan_workshop/drawing", "animegan_workshop/experiments")
"""What a run depends on: when their code changes, it is trained again."""

KEPT = ("modes", "kl", "frechet", "precision", "recall", "coverage")
"""What is kept of a look's measures."""


def faces_of(arm: Arm, scale: Scale, path: str | None = None) -> FaceSet:
    """The faces an arm trains on: drawn ones, or those at `path`.

    Raises FacesError for an arm that needs drawn faces, or labels that are not there, or more faces than there are.
    """
    count = round(arm.faces * scale.faces)
    if not path:
        return load_faces("", count=count, only=arm.only or None, method=arm.method, progress=False)
    if arm.only:
        raise FacesError(
            f"the arm {arm.name!r} needs faces that are drawn to order: leave --faces out"
        )
    faces = load_faces(path, method=arm.method, progress=False)
    rows = np.random.default_rng(0).permutation(len(faces))
    if arm.label:
        factor, value = arm.label
        if factor not in faces.labels:
            raise FacesError(
                f"{path} has no labels for {factor}: this experiment needs a labels.csv with that column"
            )
        rows = rows[faces.labels[factor][rows] == value]
    if len(rows) < scale.batch:
        raise FacesError(
            f"only {len(rows)} faces of {path} fit {arm.name!r}: {scale.batch} are needed at least"
        )
    return faces.subset(np.sort(rows[:count]))


def config_of(arm: Arm, scale: Scale, seed: int) -> TrainingConfig:
    """The arm's settings on those of the `laptop` preset, without its averaging: that would hide unsteady samples."""
    width = max(1, round(arm.width_factor * scale.width))
    if arm.settings.get("architecture") == "fully-connected":
        width = nearest_width("fully-connected", count_parameters(make_networks(width=width)[0]))
    base = {"width": width, "batch": scale.batch, "average": 0.0, "epochs": 10**4, "seed": seed}
    return preset("laptop", **base | arm.settings)


def nearest_width(architecture: str, parameters: int) -> int:
    """The width at which this architecture's generator has about so many parameters."""
    return min(
        range(1, 129),
        key=lambda w: abs(count_parameters(make_networks(architecture, width=w)[0]) - parameters),
    )


def gradient_norms(trainer: Trainer) -> tuple[float, float]:
    """The lengths of the last gradients of G and of D, all parameters as one vector."""
    return tuple(
        float(torch.stack([p.grad.float().norm() for p in network.parameters()]).norm())
        for network in (trainer.generator, trainer.discriminator)
    )


@lru_cache(
    maxsize=2
)  # most arms of an experiment have the same faces, and naming them takes a tenth of a run
def _measured_faces(
    data: str, scale: Scale, path: str | None
) -> tuple[FaceSet, AttributeNetwork, Reference]:
    """The faces of an arm with this `data`, the network that suits them, and what samples are measured against."""
    faces = faces_of(Arm("", **json.loads(data)), scale, path)
    network_path = choose_network(faces)
    network = load_attributes(network_path)
    reference = make_reference(
        faces.images[:2_000], name_faces(network, faces.images), network, network_path
    )
    return faces, network, reference


def run_arm(
    arm: Arm, scale: Scale, seed: int, path: str | None = None, device: str | None = None
) -> dict:
    """One run: {"seed", "seconds", "arithmetic", "parameters", "looks": [...]}, looks being its state now and then.

    seconds: of training; on a CPU those it worked, not those it waited for other programs. In a look: losses, their
    means since the last look; jitter, the standard deviation of G's loss from step to step over the square root of 2,
    so that a slow drift does not count; gradient norms; change, the root mean square difference in grey levels of the
    fixed-noise samples since the last look; and measures against the arm's own faces.
    A run whose loss is not finite ends early and says so in "failed".
    """
    data = {key: getattr(arm, key) for key in ("only", "faces", "method", "label")}
    faces, network, reference = _measured_faces(json.dumps(data), scale, path)
    trainer = Trainer(config_of(arm, scale, seed), faces.images, device=device)
    clock = time.process_time if trainer.device.type == "cpu" else time.perf_counter
    result = {
        "seed": seed,
        "seconds": 0.0,
        "arithmetic": trainer.precision,
        "looks": [],
        "parameters": [
            count_parameters(trainer.generator),
            count_parameters(trainer.discriminator),
        ],
    }
    steps = round(arm.steps_factor * scale.steps)
    every, before = steps // scale.looks, to_uint8(trainer.samples()).astype(np.float32)
    for look in range(1, scale.looks + 1):
        start, norms = clock(), []
        while trainer.step < look * every:
            if trainer.step == steps // 2 and arm.rate_factor != 1:
                for optimiser in (trainer.optimiser_g, trainer.optimiser_d):
                    optimiser.param_groups[0]["lr"] *= arm.rate_factor
            trainer.advance()
            if trainer.step > look * every - 20:
                norms.append(gradient_norms(trainer))
        if trainer.device.type == "cuda":
            torch.cuda.synchronize()
        result["seconds"] += clock() - start
        try:
            trainer.check_finite()
        except TrainingError as error:
            return result | {"failed": str(error)}
        curves = {name: values[-every:] for name, values in trainer.curves().items()}
        now = to_uint8(trainer.samples()).astype(np.float32)
        sampler = trainer.averaged or trainer.generator
        row = quick_row(
            name_faces(network, sample_faces(sampler, scale.samples, seed=1)), reference
        )
        result["looks"].append(
            {
                "step": trainer.step,
                "seconds": result["seconds"],
                "loss_g": float(curves["loss_g"].mean()),
                "loss_d": float(curves["loss_d"].mean()),
                "jitter": float(np.diff(curves["loss_g"]).std() / 2**0.5),
                "gradient_g": float(np.mean([g for g, _ in norms])),
                "gradient_d": float(np.mean([d for _, d in norms])),
                "change": float(np.sqrt(((now - before) ** 2).mean())),
            }
            | {name: row[name] for name in KEPT}
        )
        before = now
    return result


def run_toy(arm: Arm, scale: Scale, seed: int) -> dict:
    """One game in two dimensions: as run_arm, with modes captured and the share of high quality in 2,500 samples."""
    mixture = {"ring": toy.ring, "grid": toy.grid}[arm.mixture]()
    game, result = toy.ToyGAN(mixture, seed=seed, **arm.settings), {"seed": seed, "looks": []}
    start = time.process_time()

    def look(game: toy.ToyGAN) -> None:
        if game.steps_done % (scale.toy_steps // scale.looks) == 0:
            modes, quality = toy.modes_captured(game.sample(2_500), mixture.centres, mixture.std)
            result["seconds"] = time.process_time() - start
            result["looks"].append(
                {
                    "step": game.steps_done,
                    "seconds": result["seconds"],
                    "modes": modes,
                    "quality": quality,
                }
            )

    game.train(scale.toy_steps, show=look)
    return result


def run_kept(arm: Arm, scale: Scale, seed: int, path: str | None, device: str) -> dict:
    """The run, from the folder of finished ones if it is there; else it is trained, and kept."""
    file = kept_file(arm, scale, seed, path, device)
    if file.is_file():
        return json.loads(file.read_text(encoding="utf-8"))
    run = run_toy(arm, scale, seed) if arm.mixture else run_arm(arm, scale, seed, path, device)
    text = json.dumps(_rounded(run))
    write_atomically(file, lambda temporary: temporary.write_text(text, encoding="utf-8"))
    return run


def kept_file(arm: Arm, scale: Scale, seed: int, path: str | None, device: str) -> Path:
    """Where a run is kept: a name made of all that it depends on, code included."""
    config = arm.settings if arm.mixture else asdict(config_of(arm, scale, seed))
    data = {key: value for key, value in asdict(arm).items() if key not in ("name", "settings")}
    faces = open_source(path, None, 0, None).fingerprint if path else "drawn"
    networks = [
        file.read_bytes() for file in sorted(PRETRAINED.glob("*-attributes.safetensors"))
    ]  # they measure
    needs = [
        config,
        data,
        asdict(replace(scale, seeds=0)),
        seed,
        faces,
        device,
        torch.__version__,
        code_of_runs(),
        hashlib.sha256(b"".join(networks)).hexdigest(),
    ]
    name = hashlib.sha256(json.dumps(needs, sort_keys=True).encode()).hexdigest()[:16]
    return runs_folder() / "experiments" / f"{name}.json"


def code_of_runs() -> str:
    """A hash of the code that a run goes through."""
    root = Path(__file__).parents[2]
    files = [f for subject in SUBJECTS for f in sorted((root / subject).glob("*.py"))]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def begin_worker() -> None:
    """One thread for a run; and a worker ends with the program that started it, however that ended."""
    torch.set_num_threads(1)

    def end_with_parent() -> None:
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()


def run_experiment(
    name: str,
    budget: str,
    seeds: int | None = None,
    faces: str | None = None,
    device: str | None = None,
    out: Path | None = None,
    workers: int | None = None,
) -> Path:
    """Runs the experiment and writes out/NAME.json, or NAME-real.json where faces were given that it could do without.

    Gives the file's path. Raises ValueError for a name that is not there. faces: a folder or zip of real faces;
    workers: runs at a time on a CPU; as many as there are cores unless told otherwise.
    """
    if name not in EXPERIMENTS:
        raise ValueError(
            f"no experiment is called {name!r}: choose one of {', '.join(EXPERIMENTS)}"
        )
    from animegan_workshop.teaching.notebooks import hardware

    experiment, scale, where = EXPERIMENTS[name], SCALES[budget], choose_device(device)
    if budget == "laptop":
        scale = replace(scale, **experiment.laptop)
    seeds, toys = seeds or scale.seeds, all(arm.mixture for arm in experiment.arms)
    if experiment.tagged and not faces:
        raise FacesError("this experiment needs real faces with a labels.csv: say --faces PATH")
    if not toys:  # packed before several processes want them at once; and errors come now
        sizes = [len(faces_of(arm, scale, faces)) for arm in experiment.arms]
        if faces:  # a set of real faces may have fewer, or fewer of one kind, than asked for: all arms get as many
            scale = replace(scale, faces=min(sizes))
    path = (out or RESULTS) / f"{name}{'-real' if faces and not experiment.tagged else ''}.json"
    wanted = asdict(scale) | {"seeds": seeds}
    if path.is_file():
        there = json.loads(path.read_text(encoding="utf-8"))
        other = {key: was for key, was in there["scale"].items() if wanted.get(key, was) != was}
        if there["budget"] != budget or other:
            of = ", ".join(
                [f"budget {there['budget']}", *(f"{key} {was}" for key, was in other.items())]
            )
            raise ValueError(f"{path} is a result with {of}: choose another folder with --out")
    # settled once: measured anew in each run on a busy machine, it might be bf16 in one and fp32 in the next
    precision = {} if toys else {"precision": best_precision(where, scale.width, scale.batch)}
    jobs = [
        (replace(arm, settings=precision | arm.settings), seed)
        for seed in range(seeds)
        for arm in experiment.arms
    ]
    if where.type != "cpu":
        workers = 1
    workers = max(1, min(len(jobs), workers or os.cpu_count() or 1))
    runs = {arm.name: [] for arm in experiment.arms}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=begin_worker) as pool:
        futures = {
            pool.submit(run_kept, arm, scale, seed, faces, str(where)): arm.name
            for arm, seed in jobs
        }
        try:
            for future in tqdm(as_completed(futures), total=len(futures), desc=name, unit="run"):
                runs[futures[future]].append(future.result())
        except (
            BaseException
        ) as error:  # else leaving the block would wait for all the runs that are left
            pool.shutdown(wait=False, cancel_futures=True)
            for worker in multiprocessing.active_children():
                worker.terminate()
            if isinstance(error, BrokenProcessPool):
                raise ValueError(
                    "a run ended without a word, for want of memory perhaps: try --workers 1"
                ) from None
            raise
    result = {
        "experiment": name,
        "claims": experiment.claims,
        "question": experiment.question,
        "budget": budget,
        "faces": "points" if toys else "real faces" if faces else "drawn faces",
        "hardware": hardware(),
        "scale": wanted,
        "arms": [
            asdict(arm) | {"runs": sorted(runs[arm.name], key=lambda run: run["seed"])}
            for arm in experiment.arms
        ],
    }
    text = json.dumps(_rounded(result), indent=1) + "\n"
    write_atomically(
        path, lambda temporary: temporary.write_text(text, encoding="utf-8", newline="\n")
    )
    return path


def _rounded(value):
    """Numbers to five figures: more than the seeds agree on."""
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(item) for item in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value
