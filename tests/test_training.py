"""The engine: the textbook's step, runs that survive a kill, weights, devices, processes."""

import copy
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import distributed, nn
from torch.utils.flop_counter import FlopCounterMode

from animegan_helpers import budget, training
from animegan_helpers.budget import choose_device
from animegan_helpers.checkpoint import (
    CheckpointError,
    checkpoints,
    load_weights,
    newest_checkpoint,
    read_tensors,
    write_tensors,
)
from animegan_helpers.distributed import start_group
from animegan_helpers.networks import build_networks
from animegan_helpers.runs import Observer, resume, run, save_result, start_from, train
from animegan_helpers.settings import TrainingConfig, TrainingError
from animegan_helpers.training import Trainer, epoch_order
from animegan_workshop.synchronised import synchronise_batch_norm

PROJECT = Path(__file__).resolve().parent.parent
ONE_THREAD = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(PROJECT)}
EVERYTHING = {
    "loss": "relativistic",
    "penalty_real": 1.0,
    "penalty_fake": 1.0,
    "penalty_every": 2,
    "augment": ("translation",),
    "flip": True,
    "ema": 0.9,
}


@pytest.fixture(scope="module")
def images():
    """uint8 (200, 3, 64, 64): squares of random colour on random backgrounds."""
    random = np.random.default_rng(0)
    pictures = np.empty((200, 3, 64, 64), np.uint8)
    for picture in pictures:
        picture[:] = random.integers(0, 256, (3, 1, 1))
        top, left = random.integers(8, 24, 2)
        picture[:, top : top + 32, left : left + 32] = random.integers(0, 256, (3, 1, 1))
    return pictures


def small(**changes) -> TrainingConfig:
    return TrainingConfig(**{"width": 4, "batch": 20, "epochs": 2, "precision": "fp32"} | changes)


def trained(images, out, **changes) -> Trainer:
    return train(small(**changes), images, out, device="cpu")


def after(steps, images, **changes) -> Trainer:
    trainer = Trainer(small(**changes), images, device="cpu")
    for _ in range(steps):
        trainer.advance()
    return trainer


def test_reals_and_fakes_are_augmented_and_a_part_of_a_batch_is_left_out(images, monkeypatch):
    trainer, seen = Trainer(small(augment=("translation",)), images[:50], device="cpu"), []
    shown = trainer.augment(torch.ones(20, 3, 64, 64))  # by an eighth at most: 49 of 64 stay
    assert shown.mean(dim=(1, 2, 3)).min() > 0.76
    monkeypatch.setattr(trainer, "augment", lambda pictures: seen.append(pictures) or pictures)
    trainer.advance()
    assert [pictures.requires_grad for pictures in seen] == [False, True]
    assert trainer.steps_per_epoch == 2 and epoch_order(9, 0, 0)[0] != epoch_order(9, 0, 1)[0]


def state(trainer: Trainer) -> list[torch.Tensor]:
    return [*trainer.generator.state_dict().values(), *trainer.discriminator.state_dict().values()]


def same(ours, theirs) -> bool:
    return all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


@pytest.fixture(scope="module")
def two_epochs(images, tmp_path_factory):
    """A finished run of two epochs with an EMA, in two sittings; its trainer and its folder."""
    out = tmp_path_factory.mktemp("two epochs")
    trained(images, out, epochs=1, ema=0.9)
    return trained(images, out, ema=0.9), out


@pytest.fixture
def copied(two_epochs, tmp_path):
    """A copy of that run's folder, to damage."""
    for path in two_epochs[1].glob("*.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


# the step


@pytest.mark.parametrize("width, steps", [(8, 20), (32, 3)])
def test_same_bits_as_the_textbook_loop(images, width, steps):
    """The loop below is the one in every tutorial, written out."""
    trainer = Trainer(TrainingConfig(width=width, precision="fp32", seed=3), images, device="cpu")
    torch.manual_seed(3)
    generator, discriminator = build_networks(width=width)
    optimiser_g = torch.optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    optimiser_d = torch.optim.Adam(discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    criterion = nn.BCEWithLogitsLoss()
    ones, zeros = torch.ones(50), torch.zeros(50)
    noise = torch.Generator().manual_seed(3)
    order = np.concatenate([epoch_order(len(images), 3, epoch) for epoch in range(5)])
    for step in range(steps):
        real = torch.from_numpy(images[order[50 * step : 50 * (step + 1)]]).float() / 127.5 - 1
        fake = generator(torch.randn(50, 100, generator=noise))
        optimiser_d.zero_grad()
        logits = discriminator(real), discriminator(fake.detach())
        loss_d = criterion(logits[0], ones) + criterion(logits[1], zeros)
        loss_d.backward()
        optimiser_d.step()
        optimiser_g.zero_grad()
        loss_g = criterion(discriminator(fake), ones)
        loss_g.backward()
        optimiser_g.step()
        trainer.advance()
        verdicts = [one.sigmoid().mean() for one in logits]
        row = torch.stack([loss_d, loss_g, *verdicts]).detach()
        assert torch.equal(trainer.history[step], row)
    plain = [*generator.state_dict().values(), *discriminator.state_dict().values()]
    assert same(state(trainer), plain)


def operations(call) -> int:
    with FlopCounterMode(display=False) as counter:
        call()
    return counter.get_total_flops()


def test_no_gradient_is_computed_that_nobody_needs(images):
    """D's weights have none in G's step, nor G's in D's, nor the first layer's inputs in either."""
    trainer = Trainer(small(), images, device="cpu")
    z, faces = torch.zeros(20, 100, 1, 1), torch.zeros(20, 3, 64, 64)
    g = operations(lambda: trainer.generator(z))
    d = operations(lambda: trainer.discriminator(faces))
    first_g = operations(lambda: trainer.generator.blocks[0](z))
    first_d = operations(lambda: trainer.discriminator.blocks[0](faces))
    d_step = 2 * d + 2 * (d + d - first_d)
    g_step = g + d + d + (g + g - first_g)
    assert operations(trainer.advance) == d_step + g_step


def test_bf16_plays_the_same_game(images):
    """Not to the last bit, but the first losses agree to bf16's two to three digits."""
    fp32, bf16 = (after(1, images, width=8, precision=p) for p in ("fp32", "bf16"))
    torch.testing.assert_close(fp32.history[0], bf16.history[0], rtol=0.03, atol=0.03)


def test_faces_in_the_memory_of_a_device_are_the_same_faces(images, monkeypatch):
    from_map = after(12, images, flip=True)
    monkeypatch.setattr(training, "free_memory", lambda device: 3 * images.nbytes)
    assert same(state(after(12, images, flip=True)), state(from_map))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("fits", [True, False])
def test_no_step_waits_for_the_gpu(images, precision, fits, monkeypatch):
    if not fits:
        monkeypatch.setattr(training, "free_memory", lambda device: 0)
    variants = ("batch-deviation", "full-size-layer")
    config = small(epochs=3, precision=precision, variants=variants, **EVERYTHING)
    trainer = Trainer(config, images, device="cuda")
    for _ in range(2):
        trainer.advance()
    torch.cuda.set_sync_debug_mode("error")
    try:
        for _ in range(20):
            trainer.advance()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    trainer.check_finite()


def test_half_of_the_faces_are_turned_left_to_right(images):
    plain, mixed = (after(0, images, flip=flip).next_faces() for flip in (False, True))
    same, turned = ((mixed == one).flatten(1).all(dim=1) for one in (plain, plain.flip(3)))
    assert (same | turned).all() and not same.all() and not turned.all()


def test_the_ema_follows_the_generators_buffers_too(images):
    trainer = Trainer(small(ema=0.9), images, device="cpu")
    own = trainer.ema.state_dict()
    before = {name: tensor.clone() for name, tensor in own.items()}
    trainer.advance()
    decay = 1 / 10  # min(0.9, (1 + step) / (10 + step)) at step 0
    for name, tensor in trainer.generator.state_dict().items():
        if tensor.is_floating_point():
            torch.testing.assert_close(own[name], decay * before[name] + (1 - decay) * tensor)


def test_samples_leave_no_trace(images):
    trainer = after(1, images)
    before = copy.deepcopy(state(trainer))
    assert torch.equal(trainer.samples(), trainer.samples())
    assert same(before, state(trainer)) and trainer.generator.training


def test_making_a_trainer_leaves_random_numbers_alone(images):
    before = torch.get_rng_state()
    for precision in ("fp32", "auto"):
        Trainer(small(precision=precision), images, device="cpu")
    assert torch.equal(torch.get_rng_state(), before)


def test_r1_and_r2_are_half_their_weights_times_the_penalties(images, monkeypatch):
    losses = []
    monkeypatch.setattr(training, "descend", lambda _, loss, group: losses.append(loss.item()))
    penalty = lambda logits, pictures: 3.0 if pictures.std() > 0.3 else 5.0  # fakes begin as grey
    monkeypatch.setattr(training, "gradient_penalty", penalty)
    row = after(1, images, penalty_real=1.0, penalty_fake=4.0).history[0]
    assert row[0] + 1.5 + 10 == pytest.approx(losses[0])


def test_a_lazy_penalty_comes_every_so_many_steps_and_weighs_as_many_times_more(images):
    """The first step of weight 1 every 4 steps is that of weight 4 at every step."""
    lazy = after(1, images, penalty_real=1.0, penalty_every=4)
    assert same(state(lazy), state(after(1, images, penalty_real=4.0)))
    assert not same(state(lazy), state(after(1, images)))
    assert lazy.penalty_weights() == (0, 0)
    lazy.step = 8
    assert lazy.penalty_weights() == (4, 0)


def test_trouble_is_noticed(images):
    winner = Trainer(small(epochs=60), images, device="cpu")
    winner.history[:240] = torch.tensor([0.001, 9.0, 0.999, 0.001])
    winner.samples = lambda: torch.rand(64, 3, 64, 64) * 2 - 1  # they vary: it is not a collapse
    winner.step = 8
    assert winner.look_for_trouble() is None, "too early to say"
    winner.step = 240
    assert "D wins outright" in winner.look_for_trouble()
    collapsed = Trainer(small(epochs=60, initialisation="zero"), images, device="cpu")
    collapsed.step = 240
    assert "collapsed" in collapsed.look_for_trouble()


@pytest.mark.parametrize(
    "changes, word",
    [
        ({"batch": 500}, "do not fill a batch"),
        ({"batch": 37, "variants": ("batch-deviation",)}, "cannot deal 37"),
    ],
)
def test_batches_that_cannot_be(images, changes, word):
    with pytest.raises(TrainingError, match=word):
        Trainer(small(**changes), images, device="cpu")
    with pytest.raises(TrainingError, match="64"):
        Trainer(small(), images[:, :, :32, :32], device="cpu")


# runs


def test_a_run_writes_its_files_and_goes_on_longer(images, two_epochs, tmp_path):
    two_sittings, out = two_epochs
    assert two_sittings.finished and two_sittings.epoch == 2
    assert [path.name for path in checkpoints(out)] == [
        "checkpoint-00000010.safetensors",
        "checkpoint-00000020.safetensors",
    ]
    grids = sorted(path.name for path in (out / "grids").iterdir())
    assert grids == ["epoch-0001.webp", "epoch-0002.webp"]
    table = np.loadtxt(out / "history.csv", delimiter=",", skiprows=1)
    assert table[:, :2].tolist() == [[step, 1 + (step > 10)] for step in range(1, 21)]
    one_sitting = trained(images, tmp_path, ema=0.9)
    assert same(state(two_sittings), state(one_sitting))
    assert np.array_equal(two_sittings.curves()["loss_g"], one_sitting.curves()["loss_g"])


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_run_with_everything_resumes_to_the_same_bits(images, tmp_path, precision):
    recipe = EVERYTHING | {"precision": precision}
    trained(images[:60], tmp_path / "parts", epochs=1, **recipe)
    parts = trained(images[:60], tmp_path / "parts", **recipe)
    whole = trained(images[:60], tmp_path / "whole", **recipe)
    assert same(state(whole), state(parts))
    assert same(whole.ema.state_dict().values(), parts.ema.state_dict().values())


def test_an_ema_is_the_same_generator_wherever_it_is_measured(two_epochs):
    """Batch norm's averages are counted anew for each, so that each gives the same samples."""
    trainer, out = two_epochs
    paths = out, newest_checkpoint(out), out / "generator.safetensors"
    z = torch.randn(5, 100)
    wanted = trainer.final_generator()(z)
    assert all(torch.equal(load_weights(path).generator(z), wanted) for path in paths)
    raw = copy.deepcopy(trainer.ema)(z)
    assert not torch.allclose(raw, wanted, atol=1e-3), "the EMA's own averages are others"


RUN = """
import sys, numpy as np
from animegan_helpers.runs import train
from animegan_helpers.settings import TrainingConfig
images = np.load(sys.argv[1], mmap_mode="r")
config = TrainingConfig(width=4, batch=20, epochs=12, precision="fp32", ema=0.9, flip=True)
train(config, images, sys.argv[2], device="cpu", checkpoint_seconds=0.0)
"""


def start(images_file: Path, out: Path) -> subprocess.Popen:
    words = [sys.executable, "-c", RUN, str(images_file), str(out)]
    return subprocess.Popen(words, cwd=PROJECT, env=ONE_THREAD)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_killed_at_any_moment_gives_the_same_bytes(images, tmp_path):
    """Checkpoints after every step; killed early, in mid-run, and while one is being written."""
    np.save(tmp_path / "images.npy", images)
    file, out, straight = tmp_path / "images.npy", tmp_path / "killed", tmp_path / "straight"
    assert start(file, straight).wait(120) == 0
    moments = [
        lambda: checkpoints(out),
        lambda: list(out.glob(".checkpoint-*.tmp")),  # in the middle of a write
        lambda: checkpoints(out)[-1].stem > "checkpoint-00000050",
        lambda: list(out.glob(".checkpoint-*.tmp")),
    ]
    kills = 0
    for moment in moments:
        process = start(file, out)
        while process.poll() is None and not moment():
            time.sleep(0.002)
        kills += process.poll() is None
        process.kill()
        process.wait()
    assert kills >= 3
    assert start(file, out).wait(120) == 0
    for name in ("checkpoint-00000120.safetensors", "generator.safetensors"):
        ours, theirs = (read_tensors(folder / name)[0] for folder in (out, straight))
        assert ours.keys() == theirs.keys() and same(ours.values(), theirs.values())
    assert not list(out.glob(".*.tmp")), "what the kills left half written is cleaned up"


class Watcher(Observer):
    """Remembers the last sentence, and does something after a step."""

    def __init__(self, step=None, action=None):
        self.step, self.action = step, action

    def update(self, trainer):
        if trainer.step == self.step:
            self.action(trainer)

    def finish(self, trainer, message):
        self.message = message


def test_a_generator_that_a_kill_prevented_is_written_by_the_next_call(images, copied):
    path = copied / "generator.safetensors"
    path.unlink()
    watcher = Watcher()
    trainer = train(small(ema=0.9), images, copied, watcher, device="cpu")
    assert "finished already" in watcher.message and path.is_file()
    written = path.stat().st_mtime_ns
    save_result(trainer)
    assert path.stat().st_mtime_ns == written, "one that is up to date is left alone"
    tensors, about = read_tensors(path)
    other = about | {"config": about["config"] | {"seed": 7}}  # left there by another run
    for stale in (about | {"step": 10}, other):
        write_tensors(path, tensors, stale)
        trained(images, copied, ema=0.9)
        assert read_tensors(path)[1] == about


@pytest.mark.skipif(os.name != "posix", reason="sends a POSIX signal")
def test_an_interrupt_ends_a_run_between_steps_with_a_checkpoint(images, tmp_path):
    watcher = Watcher(3, lambda trainer: os.kill(os.getpid(), signal.SIGINT))
    trainer, before = Trainer(small(), images, tmp_path, "cpu"), signal.getsignal(signal.SIGINT)
    message = run(trainer, watcher, update_seconds=0.0)
    assert signal.getsignal(signal.SIGINT) is before
    assert "stopped after" in message and message == watcher.message and trainer.step in (3, 4)
    again = Trainer(small(), images, tmp_path, "cpu")
    resume(again)
    assert again.step == trainer.step


def test_a_panel_is_told_that_memory_ran_out(images):
    def fill(trainer):
        raise torch.OutOfMemoryError("CUDA out of memory")

    watcher = Watcher(5, fill)
    with pytest.raises(torch.OutOfMemoryError):
        run(Trainer(small(), images, device="cpu"), watcher, update_seconds=0.0)
    assert "error after 5 steps" in watcher.message


@torch.no_grad()
def poison(trainer):
    next(trainer.generator.parameters()).fill_(torch.nan)


def test_weights_that_are_not_finite_stop_a_run_and_keep_the_checkpoint(images, tmp_path):
    watcher, trainer = Watcher(5, poison), Trainer(small(), images, tmp_path, "cpu")
    with pytest.raises(TrainingError, match="weights are not finite after step 5"):
        run(trainer, watcher, update_seconds=0.0, checkpoint_seconds=0.0)
    assert watcher.message == "stopped by an error after 5 steps"
    again = Trainer(small(), images, tmp_path, "cpu")
    resume(again)
    assert again.step == 4 and all(torch.isfinite(tensor).all() for tensor in state(again))
    again.history[2] = torch.inf
    with pytest.raises(TrainingError, match="loss is not finite at step 3"):
        again.check_finite()


def test_files_that_are_no_weights_are_told_in_one_line(two_epochs, tmp_path):
    whole = newest_checkpoint(two_epochs[1]).read_bytes()
    save_file({"a": torch.zeros(1)}, tmp_path / "foreign")
    (tmp_path / "cut").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "garbage").write_bytes(b"\0" * 100)
    (tmp_path / "empty").write_bytes(b"")
    config = {"architecture": "dcgan", "z_dim": 100, "width": 4}
    for kind, change in (("variant", {"variants": ["mirror"]}), ("kind", {"architecture": "vae"})):
        write_tensors(tmp_path / kind, {"a": torch.zeros(1)}, {"config": config | change})
    for name, word in {
        "nothing": "not there",
        "foreign": "not written by this workbook",
        "cut": "damaged",
        "garbage": "damaged",
        "empty": "damaged",
        "variant": "no variant is called 'mirror': use one of batch-deviation",
        "kind": "no architecture is called 'vae'",
    }.items():
        with pytest.raises(CheckpointError, match=word) as error:
            load_weights(tmp_path / name)
        assert "\n" not in str(error.value)


def test_a_damaged_newest_checkpoint_gives_way_to_the_one_before(images, copied):
    (copied / "checkpoint-00000020 (copy).safetensors").touch()  # a sync tool's own
    older, newest = checkpoints(copied)
    newest.write_bytes(newest.read_bytes()[:1000])
    resume(again := Trainer(small(ema=0.9), images, copied, "cpu"))
    assert again.step == 10
    assert load_weights(copied).about["step"] == 10
    older.write_bytes(b"")
    with pytest.raises(CheckpointError, match="damaged"):
        trained(images, copied, ema=0.9)


def test_a_run_begun_in_fp32_goes_on_in_it(images, two_epochs, copied, monkeypatch, tmp_path):
    """Even where the machine would choose bf16 today."""
    monkeypatch.setattr(training, "best_precision", lambda *_: "bf16")
    assert trained(images, copied, precision="auto", ema=0.9).precision == "fp32"
    new = trained(images, tmp_path / "new", precision="auto", epochs=1)
    assert new.precision == "bf16"


def test_only_the_same_run_is_resumed(images, copied):
    def refused(word, faces=images, **changes):
        with pytest.raises(CheckpointError, match=word):
            resume(Trainer(small(**{"ema": 0.9} | changes), faces, copied, "cpu"))

    refused("width was 4, is 8", width=8)
    refused("ema was 0.9, is 0.5; seed was 0, is 7", ema=0.5, seed=7)
    refused("beyond the 1 asked for", epochs=1)
    assert trained(images, copied, ema=0.9, epochs=1).epoch == 2  # as where a GPU is slower today
    refused("pictures was 200, is 100", images[:100])
    refused("fingerprint of the faces was", images[::-1])
    path = newest_checkpoint(copied)
    tensors, about = read_tensors(path)
    write_tensors(path, tensors, about | {"device": "cuda"})
    refused("device was 'cuda', is 'cpu' .*--start-from")
    write_tensors(path, tensors, about | {"config": about["config"] | {"new": 1}})
    refused("new was 1, is None")  # a setting of a newer version
    write_tensors(path, tensors, about | {"seconds": 1e4})  # of all sittings
    assert trained(images, copied, ema=0.9, epochs=3).seconds > 1e4


def test_a_table_that_cannot_be_written_does_not_stop_a_run(images, tmp_path):
    """As when a spreadsheet holds history.csv open on Windows; the checkpoint has it all."""
    (tmp_path / "history.csv").mkdir(parents=True)
    trainer = trained(images, tmp_path, epochs=1)
    again = Trainer(small(epochs=1), images, tmp_path, "cpu")
    resume(again)
    assert trainer.finished and len(again.curves()["loss_g"]) == 10
    loaded = load_weights(tmp_path).generator  # without an EMA it is G to the last bit
    assert same(loaded.state_dict().values(), trainer.generator.state_dict().values())


HOLD = """
import sys
from filelock import FileLock
with FileLock(sys.argv[1]):
    print("held", flush=True)
    input()
"""


def test_one_run_at_a_time_in_a_folder(images, tmp_path):
    out, pipe = tmp_path / "run", subprocess.PIPE
    out.mkdir()
    words = [sys.executable, "-c", HOLD, str(out / ".lock")]
    with subprocess.Popen(words, stdin=pipe, stdout=pipe) as other:
        other.stdout.readline()
        with pytest.raises(TrainingError, match="another process is training in"):
            trained(images, out, epochs=1)
        other.kill()  # a killed process lets go
    assert trained(images, out, epochs=1).finished


def test_a_run_begins_with_weights_that_are_there(images, two_epochs, tmp_path):
    first, out = two_epochs
    begin = out / "generator.safetensors"
    second = Trainer(small(seed=5), images, device="cpu")
    start_from(second, begin)
    assert same(
        second.discriminator.state_dict().values(), first.discriminator.state_dict().values()
    )
    assert torch.equal(
        second.samples(first.fixed_noise), first.final_generator()(first.fixed_noise)
    )
    for epochs in (1, 2):  # resumed, it goes on from its own checkpoint
        config = small(epochs=epochs, seed=5)
        run_of = train(config, images, tmp_path / "run", start=begin, device="cpu")
        assert run_of.started_from == "generator" and run_of.epoch == epochs
    with pytest.raises(CheckpointError, match="another width"):
        train(small(width=8), images, tmp_path / "refused", start=begin, device="cpu")
    assert not (tmp_path / "refused").exists()


# devices and processes


@pytest.mark.parametrize("bf16, found", [(0.85, "bf16"), (0.95, "fp32"), (2.0, "fp32")])
def test_bf16_is_taken_where_it_is_a_tenth_faster(monkeypatch, bf16, found):
    clock = map(float, np.cumsum([0, bf16, 0, 1] * 6)).__next__  # as if each call took so long
    monkeypatch.setattr(budget, "time", SimpleNamespace(thread_time=clock, perf_counter=clock))
    assert budget.best_precision(torch.device("cpu"), width=2, batch=2) == found


def test_a_torch_without_cuda_is_told_in_one_line(monkeypatch):
    def no_such_name(index):
        raise AttributeError("module 'torch._C' has no attribute '_cuda_setDevice'")

    monkeypatch.setattr(torch.cuda, "set_device", no_such_name)
    with pytest.raises(ValueError, match="no device 'cuda'"):
        choose_device("cuda")


@pytest.mark.parametrize(
    "rank, name, index", [("3", "cuda:0", 3), ("3", "cuda", 3), ("", "cuda:1", 1)]
)
def test_each_process_of_torchrun_has_a_gpu_of_its_own(monkeypatch, rank, name, index):
    chosen, zeros = [], torch.zeros
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    monkeypatch.setattr(torch, "zeros", lambda *size, device: zeros(*size))
    monkeypatch.setenv("LOCAL_RANK", rank)
    assert choose_device(name) == torch.device("cuda", index) and chosen == [index]


def test_several_processes_on_mps_are_refused(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ValueError, match="--device cpu"):
        start_group(torch.device("mps"))


def test_a_synchronised_batch_norm_alone_is_torchs_and_stays_finite(tmp_path):
    ours, torchs = (nn.Sequential(nn.BatchNorm2d(2)) for _ in range(2))
    synchronise_batch_norm(ours)
    images = 60 + 0.002 * torch.randn(16, 2, 8, 8)  # the mean of squares less the squared mean: 0
    distributed.init_process_group("gloo", f"file://{tmp_path}/group", rank=0, world_size=1)
    try:
        torch.testing.assert_close(ours(images), torchs(images), atol=0.01, rtol=0)
    finally:
        distributed.destroy_process_group()
    for name, value in torchs[0].named_buffers():
        torch.testing.assert_close(ours[0].get_buffer(name), value)


@pytest.mark.slow
def test_two_processes_equal_one(images, tmp_path):
    """Started by the README's lines for two machines, both played by this one, through gloo."""
    folder = tmp_path / "faces"
    folder.mkdir()
    for k, image in enumerate(images):
        Image.fromarray(image.transpose(1, 2, 0)).save(folder / f"{k:03}.png")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    settings = "--preset smoke --width 4 --batch 50 --epochs 1 --precision fp32 --device cpu"
    words = ["-m", "animegan_helpers", "train", "--synchronise-batch-norm", *settings.split()]
    words += ["--faces", str(folder)]
    launch = "-m torch.distributed.run --nnodes 2 --nproc_per_node 1 --rdzv_backend c10d".split()
    launch += ["--rdzv_endpoint", address]
    two = [sys.executable, *launch, *words, "--out", str(tmp_path / "two")]
    one = [sys.executable, *words, "--out", str(tmp_path / "one")]
    environment = ONE_THREAD | {"ANIMEGAN_CACHE": str(tmp_path / "cache")}
    machines = [subprocess.Popen(two, cwd=PROJECT, env=environment) for _ in range(2)]
    assert [machine.wait(180) for machine in machines] == [0, 0]
    subprocess.run(one, cwd=PROJECT, env=environment, check=True)
    ours, theirs = (read_tensors(newest_checkpoint(tmp_path / name))[0] for name in ("two", "one"))
    # Not closer: an activation at the kink of a ReLU falls to either side by the last bit of a sum.
    for name in ours.keys() - {"random"}:
        difference = (ours[name].float() - theirs[name].float()).norm()
        assert difference <= 1e-3 * theirs[name].float().norm(), name


MEMORY = """
import sys, numpy as np, torch
from animegan_helpers.settings import TrainingConfig
from animegan_helpers.training import Trainer
torch.set_num_threads(1)
images = np.load(sys.argv[1], mmap_mode="r")
trainer = Trainer(TrainingConfig(width=4, epochs=2, precision="fp32"), images, device="cpu")
for _ in range(40):
    trainer.advance()
print([int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("RssAnon")][0])
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux's own account")
def test_memory_does_not_grow_with_the_faces(tmp_path):
    """5,000 and 70,000 pictures, mapped from sparse files: the same memory within a tenth."""
    used = []
    for count in (5_000, 70_000):
        path = tmp_path / f"{count}.npy"
        np.lib.format.open_memmap(path, "w+", np.uint8, (count, 3, 64, 64)).flush()
        words = [sys.executable, "-c", MEMORY, str(path)]
        used.append(int(subprocess.run(words, check=True, cwd=PROJECT, capture_output=True).stdout))
    assert used[1] < 1.1 * used[0]
