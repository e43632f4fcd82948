"""Runs an experiment: every arm from every seed, resumable, as one JSON file (notebook 08).

Run k of each arm has the same seed: the same order of the faces where the arms have the same faces,
and the same noise. So the arms can be compared pair by pair.
"""

import hashlib
import json
import multiprocessing
import os
import threading
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from tqdm.auto import tqdm

from animegan_helpers import toy
from animegan_helpers.attributes import load_attributes, name_faces
from animegan_helpers.budget import best_precision, choose_device
from animegan_helpers.faces import FacesError, FaceSet, load_faces, to_uint8
from animegan_helpers.files import ReadError, writable, write_text
from animegan_helpers.latent import sample_faces
from animegan_helpers.measures import quick_row
from animegan_helpers.reference import choose_network
from animegan_helpers.settings import TrainingConfig, TrainingError, preset
from animegan_helpers.training import Trainer, fingerprint
from animegan_workshop.experiments.design import Arm, Scale, load_design
from animegan_workshop.experiments.results import RESULTS, load_result
from animegan_workshop.hardware import hardware
from animegan_workshop.measuring import make_reference

HELD_OUT = 2_000
"""Faces that no arm trains on, at most; samples are measured against them."""

KEPT = ("modes", "kl", "frechet", "precision", "recall", "coverage")
"""The measures that a run keeps."""


def faces_of(arm: Arm, scale: Scale, path: str | None = None) -> tuple[FaceSet, FaceSet]:
    """The faces an arm trains on, and others of the same kind to measure against.

    Drawn faces, or those at `path`. Raises FacesError for an arm that needs drawn faces, labels
    that are not there, or more faces than there are.
    """
    count = round(arm.faces * scale.faces)
    held_out = min(HELD_OUT, 2 * scale.samples)
    if not path:
        kind = {"only": arm.only or None, "method": arm.method, "progress": False}
        return (
            load_faces("", count=count, **kind),
            load_faces("", count=held_out, seed=1, **kind),
        )
    if arm.only:
        raise FacesError(f"the arm {arm.name!r} needs faces drawn to order: leave --faces out")
    faces = load_faces(path, method=arm.method, progress=False)
    rows = np.random.default_rng(0).permutation(len(faces))
    if arm.label:
        factor, value = arm.label
        if factor not in faces.labels:
            raise FacesError(f"{path} has no labels for {factor}: add that column to labels.csv")
        rows = rows[faces.labels[factor][rows] == value]
    held_out = min(held_out, len(rows) // 2)
    if len(rows) - held_out < scale.batch:
        raise FacesError(
            f"only {len(rows)} faces of {path} fit {arm.name!r}: "
            f"at least {2 * scale.batch} are needed"
        )
    train, test = rows[held_out:][:count], rows[:held_out]
    return faces.subset(np.sort(train)), faces.subset(np.sort(test))


def config_of(arm: Arm, scale: Scale, seed: int) -> TrainingConfig:
    """The arm's settings on those of the `laptop` preset, without EMA: it would hide jitter."""
    width = max(1, round(arm.width_factor * scale.width))
    base = {"width": width, "batch": scale.batch, "ema": 0.0, "epochs": 10**4, "seed": seed}
    base |= {"flip": True, "augment": ("translation",)}  # found by the experiment `baseline`
    base |= {"learning_rate_g": 5e-4, "learning_rate_d": 5e-4}
    base |= {"precision": "fp32"}  # "auto" could choose another in each run of a pair
    return preset("laptop", **base | arm.settings)


@torch.no_grad()
def memorising(trainer: Trainer, held_out: FaceSet, count: int = 500) -> float:
    """How often D scores a training face above a held-out one: 0.5 where it knows none by heart."""
    scores = []
    trainer.discriminator.eval()
    for images in (trainer.images[:count], held_out.images[:count]):
        pixels = torch.from_numpy(np.array(images)).to(trainer.device).float() / 127.5 - 1
        scores.append(trainer.discriminator(pixels).float().cpu())
    trainer.discriminator.train()
    train, other = scores
    return float((train[:, None] > other).float().mean())


def run_arm(
    arm: Arm, scale: Scale, seed: int, path: str | None = None, device: str | None = None
) -> dict:
    """One run: {"seed", "seconds", "arithmetic", "measurements": [...]}.

    seconds: of training; on a CPU those it worked, not those it waited for other programs.
    A measurement has the step, the mean losses since the last one; jitter, the standard deviation
    of G's loss from step to step over the square root of 2, so that a slow drift does not count;
    change, the RMS difference in grey levels of the fixed-noise samples since the last one;
    memorising; and the KEPT measures against held-out faces of the arm's own kind.
    A run whose loss is not finite ends early and says so in "failed".
    """
    faces, held_out = faces_of(arm, scale, path)
    network = load_attributes(choose_network(faces))
    reference = make_reference(name_faces(network, held_out.images), network)
    trainer = Trainer(config_of(arm, scale, seed), faces.images, device=device)
    clock = time.process_time if trainer.device.type == "cpu" else time.perf_counter
    run = {"seed": seed, "seconds": 0.0, "arithmetic": trainer.precision, "measurements": []}
    steps = round(arm.steps_factor * scale.steps)
    every = steps // scale.measurements
    before = to_uint8(trainer.samples()).astype(np.float32)
    for last in range(every, every * scale.measurements + 1, every):
        start = clock()
        while trainer.step < last:
            if trainer.step == steps // 2:
                change_rates(trainer, arm.rate_factor)
            trainer.advance()
        if trainer.device.type == "cuda":
            torch.cuda.synchronize()
        run["seconds"] += clock() - start
        try:
            trainer.check_finite()
        except TrainingError as error:
            return run | {"failed": str(error)}
        curves = {name: values[-every:] for name, values in trainer.curves().items()}
        now = to_uint8(trainer.samples()).astype(np.float32)
        samples = sample_faces(trainer.final_generator(), scale.samples, seed=1)
        row = quick_row(name_faces(network, samples), reference)
        run["measurements"].append(
            {
                "step": trainer.step,
                "seconds": run["seconds"],
                "loss_g": float(curves["loss_g"].mean()),
                "loss_d": float(curves["loss_d"].mean()),
                "jitter": float(np.diff(curves["loss_g"]).std() / 2**0.5),
                "change": float(np.sqrt(((now - before) ** 2).mean())),
                "memorising": memorising(trainer, held_out),
            }
            | {name: row[name] for name in KEPT}
        )
        before = now
    return run


def change_rates(trainer: Trainer, factor: float) -> None:
    """Multiplies both learning rates by the factor."""
    for optimiser in (trainer.optimiser_g, trainer.optimiser_d):
        for group in optimiser.param_groups:
            group["lr"] *= factor


def run_toy(arm: Arm, scale: Scale, seed: int) -> dict:
    """One game in two dimensions: modes captured and the share of high quality of 2,500 samples."""
    mixture = {"ring": toy.ring, "grid": toy.grid}[arm.mixture]()
    game, run = toy.ToyGAN(mixture, seed=seed, **arm.settings), {"seed": seed, "measurements": []}
    start = time.process_time()

    def measure(game: toy.ToyGAN) -> None:
        if game.steps_done % (scale.toy_steps // scale.measurements) == 0:
            modes, quality = toy.modes_captured(game.sample(2_500), mixture.centres, mixture.std)
            run["seconds"] = time.process_time() - start
            row = {"step": game.steps_done, "seconds": run["seconds"]}
            run["measurements"].append(row | {"modes": modes, "quality": quality})

    game.train(scale.toy_steps, show=measure)
    return run


def run_key(arm: Arm, scale: Scale, seed: int, faces: str, precision: str) -> str:
    """The same for runs that depend on the same things, whatever their arms are called."""
    needs = asdict(arm) | {"name": "", "seeds": None}
    if not arm.mixture:
        needs |= {"settings": asdict(config_of(arm, scale, seed)), "width_factor": 1.0}
    needs = [needs, asdict(replace(scale, seeds=0)), seed, faces, precision]
    return hashlib.sha256(json.dumps(needs, sort_keys=True).encode()).hexdigest()[:16]


def finished_runs(folder: Path) -> dict[str, dict]:
    """Key -> run, of all results in the folder: experiments share the runs of equal arms."""
    found = {}
    for path in folder.glob("*.json"):
        with suppress(ReadError):  # of something else; the experiment's own is read by refuse_other
            for arm in load_result(path.stem, folder)["arms"]:
                found |= {run["key"]: run for run in arm["runs"] if "key" in run}
    return found


def begin_worker() -> None:
    """One thread for a run; a worker ends with the program that started it, however that ended."""
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
    """Runs an experiment and writes out/NAME.json, or NAME-real.json where faces were given.

    The file is written again after each run, so a stopped experiment goes on where it stopped.
    faces: a folder or zip of real faces; workers: runs at a time on a CPU, one for each core unless
    told otherwise. Gives the file's path. Raises ValueError for a name that is not there, and where
    the file holds a result of another design or scale.
    """
    design, where, folder = load_design(name), choose_device(device), Path(out or RESULTS)
    scale = design.at(budget)
    scale = replace(scale, seeds=seeds or scale.seeds)
    toys = all(arm.mixture for arm in design.arms)
    if design.tagged and not faces:
        raise FacesError("this experiment needs real faces with a labels.csv: say --faces PATH")
    kind = "points" if toys else "real faces" if faces else "drawn faces"
    which = kind
    if not toys:  # packed before several processes want them at once; and errors come now
        sets = [faces_of(arm, scale, faces)[0] for arm in design.arms]
        if faces:  # a set of real faces may have fewer than asked for: all arms get their share
            sizes = [len(one) / arm.faces for one, arm in zip(sets, design.arms)]
            scale = replace(scale, faces=int(min(sizes)))
            which = fingerprint(sets[0].images)
    path = folder / f"{name}{'-real' if faces and not design.tagged else ''}.json"
    result = {
        "experiment": name,
        "design": design.hash,
        "claims": design.claims,
        "question": design.question,
        "budget": budget,
        "faces": kind,
        "fingerprint": which,
        "hardware": hardware(device),
        "torch": torch.__version__,
        "scale": asdict(scale),
    }
    if there := load_result(path.stem, path.parent):
        refuse_other(path, there, result)
        for key in ("hardware", "torch"):  # a result may be of several machines
            result[key] = "; ".join(dict.fromkeys([*there[key].split("; "), result[key]]))
    writable(path)
    # the same wherever a CPU goes on with it; and a GPU must not choose anew in each run
    gpu = where.type == "cuda"
    precision = best_precision(where, scale.width, scale.batch) if gpu else "fp32"
    done, runs, jobs = finished_runs(folder), {arm.name: [] for arm in design.arms}, []
    deciding = {name for c in design.comparisons for name in (c.first, c.second)}
    # all arms of a seed before the next, so that a stopped one has pairs; what decides comes first
    plan = [(seed, arm) for seed in range(scale.seeds) for arm in design.arms]
    for seed, arm in sorted(plan, key=lambda item: item[1].name not in deciding):
        if seed < (arm.seeds or scale.seeds):
            key = run_key(arm, scale, seed, which, precision)
            if key in done:
                runs[arm.name].append(done[key])
            else:
                jobs.append((arm, seed, key))

    def write() -> None:
        result["arms"] = [
            asdict(arm) | {"runs": sorted(runs[arm.name], key=lambda run: run["seed"])}
            for arm in design.arms
        ]
        five = lambda text: float(f"{float(text):.5g}")  # figures: more than the seeds agree on
        plain = json.loads(json.dumps(result), parse_float=five)
        write_text(path, json.dumps(plain, indent=1) + "\n")

    if there and not jobs:
        return path
    workers = workers or os.cpu_count() or 1 if where.type == "cpu" else 1
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=begin_worker) as pool:
        futures = {}
        for arm, seed, key in jobs:
            job = run_toy, arm, scale, seed
            if not arm.mixture:
                chosen = replace(arm, settings={"precision": precision} | arm.settings)
                job = run_arm, chosen, scale, seed, faces, str(where)
            futures[pool.submit(*job)] = arm.name, key
        try:
            for future in tqdm(as_completed(futures), total=len(futures), desc=name, unit="run"):
                arm_name, key = futures[future]
                runs[arm_name].append(future.result() | {"key": key})
                write()
        except BaseException as error:  # else leaving the block would wait for all that are left
            pool.shutdown(wait=False, cancel_futures=True)
            for worker in multiprocessing.active_children():
                worker.terminate()
            if isinstance(error, BrokenProcessPool):
                raise ValueError("a run was killed, perhaps for memory: try --workers 1") from None
            raise
    write()
    return path


def refuse_other(path: Path, there: dict, result: dict) -> None:
    """Raises ValueError where the file holds a result that this one would not go on with."""
    names = "budget", "design", "faces", "fingerprint"
    wanted, was = ({n: r.get(n, r["faces"]) for n in names} | r["scale"] for r in (result, there))
    differ = [f"{key} {was.get(key)}" for key in wanted if wanted[key] != was.get(key)]
    if differ:
        of = ", ".join(differ)
        raise ValueError(f"{path} is a result with {of}: choose another folder with --out")
