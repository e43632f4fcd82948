"""The engine: the same game as the textbook loop, unkillable, and clear about bad input."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from animegan_helpers import checkpoint, matrix_products
from animegan_helpers.budget import choose_device
from animegan_helpers.checkpoint import CheckpointError, load_weights, read_tensors
from animegan_helpers.distributed import start_group
from animegan_helpers.files import WriteError, write_atomically
from animegan_helpers.networks import build_networks
from animegan_helpers.runs import Observer, resume, run, train
from animegan_helpers.training import (
    Trainer,
    TrainingConfig,
    TrainingError,
    epoch_order,
    load_presets,
    preset,
)

PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def images():
    """uint8 (200, 3, 64, 64): squares of random colour on random backgrounds, something to learn in seconds."""
    random = np.random.default_rng(0)
    pictures = np.empty((200, 3, 64, 64), np.uint8)
    for picture in pictures:
        picture[:] = random.integers(0, 256, (3, 1, 1))
        top, left = random.integers(8, 24, 2)
        picture[:, top : top + 32, left : left + 32] = random.integers(0, 256, (3, 1, 1))
    return pictures


def small(**changes) -> TrainingConfig:
    return TrainingConfig(**{"width": 4, "batch": 20, "epochs": 2, "precision": "fp32"} | changes)


def state(trainer: Trainer) -> list[torch.Tensor]:
    return [*trainer.generator.state_dict().values(), *trainer.discriminator.state_dict().values()]


@pytest.mark.parametrize("width", [8, 32])
def test_same_numbers_as_the_textbook_loop(images, width):
    """Losses and weights over 20 steps; the loop below is the one in every tutorial, written out."""
    trainer = Trainer(TrainingConfig(width=width, precision="fp32", seed=3), images, device="cpu")

    torch.manual_seed(3)
    generator, discriminator = build_networks(width=width)
    optimiser_g = torch.optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    optimiser_d = torch.optim.Adam(discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    criterion = nn.BCEWithLogitsLoss()
    ones, zeros = torch.ones(50), torch.zeros(50)
    noise = torch.Generator().manual_seed(3)
    order = np.concatenate([epoch_order(len(images), 3, epoch) for epoch in range(5)])
    for step in range(20):
        real = torch.from_numpy(images[order[50 * step : 50 * (step + 1)]]).float() / 127.5 - 1
        z = torch.randn(50, 100, generator=noise)
        fake = generator(z)
        optimiser_d.zero_grad()
        loss_d = criterion(discriminator(real), ones) + criterion(
            discriminator(fake.detach()), zeros
        )
        loss_d.backward()
        optimiser_d.step()
        optimiser_g.zero_grad()
        loss_g = criterion(discriminator(fake), ones)
        loss_g.backward()
        optimiser_g.step()

        trainer.advance()
        row = trainer.history[step]
        torch.testing.assert_close(
            row[:2], torch.stack([loss_d, loss_g]).detach(), rtol=1e-5, atol=0
        )
    plain = [*generator.state_dict().values(), *discriminator.state_dict().values()]
    for ours, theirs in zip(state(trainer), plain):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("products", [True, False])
def test_bf16_plays_the_same_game(images, monkeypatch, products):
    """Not to the last bit, but the first losses agree to bf16's two to three digits."""
    monkeypatch.setattr(
        "animegan_helpers.training.products_are_faster", lambda width, batch: products
    )
    fp32, bf16 = (
        Trainer(small(width=8, precision=p), images, device="cpu") for p in ("fp32", "bf16")
    )
    fp32.advance(), bf16.advance()
    torch.testing.assert_close(fp32.history[0], bf16.history[0], rtol=0.03, atol=0.03)


def test_no_gradient_is_computed_that_nobody_needs(images, monkeypatch):
    """Of layers that are matrix products: D's twice in its step, G's in the other, and there none of D's."""
    calls, was = [], matrix_products.weight_gradient
    monkeypatch.setattr(matrix_products, "weight_gradient", lambda *a: calls.append(1) or was(*a))
    monkeypatch.setattr("animegan_helpers.training.products_are_faster", lambda width, batch: True)
    Trainer(small(precision="bf16"), images, device="cpu").advance()
    assert len(calls) == 3


def test_average_follows_the_generator_buffers_too(images):
    trainer = Trainer(small(average=0.9), images, device="cpu")
    own = trainer.averaged.state_dict()
    before = {name: tensor.clone() for name, tensor in own.items()}
    trainer.advance()
    decay = 1 / 10  # min(0.9, (1 + step) / (10 + step)) at step 0
    for name, tensor in trainer.generator.state_dict().items():
        if tensor.is_floating_point():
            torch.testing.assert_close(own[name], decay * before[name] + (1 - decay) * tensor)


def test_samples_leave_no_trace(images):
    trainer = Trainer(small(), images, device="cpu")
    trainer.advance()
    before = [tensor.clone() for tensor in state(trainer)]
    assert torch.equal(trainer.samples(), trainer.samples())
    assert all(torch.equal(a, b) for a, b in zip(before, state(trainer)))
    assert trainer.generator.training


def test_run_writes_and_resumes_longer(images, tmp_path):
    first = train(small(), images, tmp_path, device="cpu")
    assert first.finished and first.epoch == 2
    assert {"history.csv", "generator.safetensors", "grids"} <= {
        path.name for path in tmp_path.iterdir()
    }
    assert [p.name for p in sorted((tmp_path / "grids").iterdir())] == [
        "epoch-0001.webp",
        "epoch-0002.webp",
    ]
    assert len((tmp_path / "history.csv").read_text().splitlines()) == 1 + 20
    longer = train(small(epochs=3), images, tmp_path, device="cpu")
    straight = train(small(epochs=3), images, tmp_path / "straight", device="cpu")
    assert all(torch.equal(a, b) for a, b in zip(state(longer), state(straight)))
    assert np.array_equal(longer.curves()["loss_g"], straight.curves()["loss_g"])
    assert len(checkpoint.checkpoints(tmp_path)) == 2
    weights = load_weights(tmp_path)
    torch.testing.assert_close(weights.generator(straight.fixed_noise), straight.samples())


RUN = """
import sys, numpy as np
from animegan_helpers.runs import train
from animegan_helpers.training import TrainingConfig
images = np.load(sys.argv[1], mmap_mode="r")
config = TrainingConfig(width=4, batch=20, epochs=12, precision="fp32", average=0.9, flip=True)
train(config, images, sys.argv[2], device="cpu", checkpoint_seconds=0.0)
"""


def start(images_file: Path, out: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(images_file), str(out)],
        cwd=PROJECT,
        stderr=subprocess.PIPE,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


def wait_for(condition, process, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.002)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_killed_at_any_moment_gives_the_same_bytes(images, tmp_path):
    """Checkpoints after every step; killed right away, in mid-run, and while a checkpoint is being written."""
    np.save(tmp_path / "images.npy", images)
    file, out, straight = tmp_path / "images.npy", tmp_path / "killed", tmp_path / "straight"
    assert start(file, straight).wait(120) == 0

    moments = [
        lambda: len(checkpoint.checkpoints(out)) > 0,
        lambda: list(out.glob(".checkpoint-*.tmp")),  # in the middle of a write
        lambda: (checkpoint.newest_checkpoint(out) or Path("-")).stem > "checkpoint-00000050",
        lambda: list(out.glob(".checkpoint-*.tmp")),
    ]
    kills = 0
    for moment in moments:
        process = start(file, out)
        time.sleep(0.5)
        wait_for(moment, process)
        if process.poll() is None:
            process.kill()
            kills += 1
        process.wait()
    assert kills >= 3
    assert start(file, out).wait(120) == 0
    for name in ("checkpoint-00000120.safetensors",):
        ours, theirs = (read_tensors(folder / name)[0] for folder in (out, straight))
        assert ours.keys() == theirs.keys()
        for key in ours:
            assert torch.equal(ours[key], theirs[key]), key
    assert not list(out.glob(".*.tmp")), "what the kills left half written is cleaned up"


@pytest.mark.skipif(os.name != "posix", reason="sends a POSIX signal")
def test_interrupt_ends_between_steps_with_a_checkpoint(images, tmp_path):
    class Impatient(Observer):
        def update(self, trainer):
            if trainer.step == 3:
                os.kill(os.getpid(), signal.SIGINT)

        def finish(self, trainer, message):
            self.message = message

    observer = Impatient()
    trainer = Trainer(small(), images, tmp_path, "cpu")
    message = run(trainer, observer, update_seconds=0.0)
    assert "stopped after" in message and message == observer.message
    assert trainer.step in (3, 4)
    again = Trainer(small(), images, tmp_path, "cpu")
    assert "resumed at step" in resume(again) and again.step == trainer.step


def test_a_loss_that_is_not_finite_stops_and_keeps_the_checkpoint(images, tmp_path):
    class Poison(Observer):
        def update(self, trainer):
            if trainer.step == 5:
                with torch.no_grad():
                    next(trainer.generator.parameters()).fill_(torch.nan)

    with pytest.raises(TrainingError, match="weights are not finite after step 5"):
        run(
            Trainer(small(), images, tmp_path, "cpu"),
            Poison(),
            update_seconds=0.0,
            checkpoint_seconds=0.0,
        )
    again = Trainer(small(), images, tmp_path, "cpu")
    resume(again)
    assert again.step == 4
    assert all(torch.isfinite(tensor).all() for tensor in state(again))


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


def test_damaged_and_foreign_files_are_one_line(images, tmp_path):
    train(small(epochs=1), images, tmp_path, device="cpu")
    path = checkpoint.newest_checkpoint(tmp_path)
    blob = path.read_bytes()
    for name, content, word in (
        ("cut", blob[: len(blob) // 2], "damaged"),
        ("garbage", b"\0" * 100, "damaged"),
        ("empty", b"", "damaged"),
    ):
        broken = tmp_path / f"{name}.safetensors"
        broken.write_bytes(content)
        with pytest.raises(CheckpointError, match=word) as error:
            load_weights(broken)
        assert "\n" not in str(error.value)
    from safetensors.torch import save_file

    save_file({"a": torch.zeros(1)}, tmp_path / "foreign.safetensors")
    with pytest.raises(CheckpointError, match="not written by this workbook"):
        load_weights(tmp_path / "foreign.safetensors")
    with pytest.raises(CheckpointError, match="not there"):
        load_weights(tmp_path / "nothing.safetensors")


def test_a_run_begun_in_fp32_goes_on_in_it(images, tmp_path, monkeypatch):
    """Even where the machine would choose bf16 today, and all that is chosen with the precision."""
    train(small(epochs=1), images, tmp_path / "two sittings", device="cpu")
    monkeypatch.setattr("animegan_helpers.training.best_precision", lambda *_: "bf16")
    two = train(small(precision="auto"), images, tmp_path / "two sittings", device="cpu")
    one = train(small(), images, tmp_path / "one", device="cpu")
    assert two.precision == "fp32" and all(
        torch.equal(a, b) for a, b in zip(state(two), state(one))
    )
    assert (
        train(small(precision="auto"), images, tmp_path / "new", device="cpu").precision == "bf16"
    )


def test_a_run_cannot_change_its_kind_of_device(images, tmp_path, monkeypatch):
    summary = Trainer.summary
    monkeypatch.setattr(Trainer, "summary", lambda self: summary(self) | {"device": "cuda"})
    train(small(epochs=1), images, tmp_path, device="cpu")
    with pytest.raises(CheckpointError, match="device was cuda, is cpu .*--start-from"):
        resume(Trainer(small(), images, tmp_path, "cpu"))


def test_a_table_that_cannot_be_written_does_not_stop_a_run(images, tmp_path):
    """As when a spreadsheet holds history.csv open on Windows; the checkpoint has the history all the same."""
    (tmp_path / "history.csv").mkdir(parents=True)
    assert train(small(), images, tmp_path, device="cpu").finished
    again = Trainer(small(), images, tmp_path, "cpu")
    resume(again)
    assert len(again.curves()["loss_g"]) == 20


def test_other_settings_are_named(images, tmp_path):
    train(small(epochs=1), images, tmp_path, device="cpu")
    with pytest.raises(CheckpointError, match="width was 4, is 8"):
        resume(Trainer(small(width=8), images, tmp_path, "cpu"))
    with pytest.raises(CheckpointError, match="pictures were 200, are 100"):
        resume(Trainer(small(), images[:100], tmp_path, "cpu"))
    with pytest.raises(CheckpointError, match="beyond the 1 asked for"):
        train(small(epochs=2), images, tmp_path, device="cpu")
        resume(Trainer(small(epochs=1), images, tmp_path, "cpu"))


HOLD = """
import sys
from animegan_helpers.runs import Path, alone_in
with alone_in(Path(sys.argv[1])):
    print("held", flush=True)
    input()
"""


def test_one_run_at_a_time_in_a_folder(images, tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "run")],
        cwd=PROJECT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        other.stdout.readline()
        with pytest.raises(TrainingError, match="another process is training in"):
            train(small(epochs=1), images, tmp_path / "run", device="cpu")
        other.kill()  # a killed process lets go
    assert train(small(epochs=1), images, tmp_path / "run", device="cpu").finished


def test_damaged_newest_checkpoint_falls_back(images, tmp_path):
    train(small(epochs=1), images, tmp_path, device="cpu")
    train(small(epochs=2), images, tmp_path, device="cpu")
    older, newest = checkpoint.checkpoints(tmp_path)
    newest.write_bytes(newest.read_bytes()[:1000])
    trainer = Trainer(small(), images, tmp_path, "cpu")
    assert "step 10 " in resume(trainer)


def test_a_write_that_fails_leaves_the_old_file(tmp_path):
    path = tmp_path / "file"
    write_atomically(path, lambda temporary: temporary.write_text("good"))

    def disk_full(temporary):
        temporary.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(
        WriteError, match="No space left on device; what was saved before is untouched"
    ):
        write_atomically(path, disk_full)
    assert path.read_text() == "good" and [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    "changes, word",
    [
        ({"batch": 500}, "do not fill one batch"),
        ({"batch": 1}, "batch must be at least 2"),
        ({"width": 0}, "width"),
        ({"learning_rate_g": 0.0}, "above 0"),
        ({"learning_rate_d": -1.0}, "above 0"),
        ({"average": 1.0}, "below 1"),
        ({"precision": "fp8"}, "precision"),
        ({"architecture": "vae"}, "architecture"),
        ({"epochs": 0}, "epochs"),
    ],
)
def test_settings_that_cannot_work(images, changes, word):
    with pytest.raises(TrainingError, match=word) as error:
        Trainer(small(**changes), images, device="cpu")
    assert "\n" not in str(error.value)


def test_pictures_of_another_size(images):
    with pytest.raises(TrainingError, match="64"):
        Trainer(small(), images[:, :, :32, :32], device="cpu")


def test_presets_are_whole():
    for name in load_presets():
        preset(name).check()
    report = preset("report")
    assert (report.batch, report.epochs, report.learning_rate_g, report.beta1) == (
        50,
        100,
        2e-4,
        0.5,
    )
    assert report.width == 64 and not report.average and not report.flip
    with pytest.raises(TrainingError, match="no preset is called 'best'"):
        preset("best")
    with pytest.raises(TrainingError, match="no setting is called lr"):
        preset("report", lr=1)


DISTRIBUTED = """
import sys, numpy as np, torch
from animegan_helpers.training import Trainer, TrainingConfig
torch.set_num_threads(1)
images = np.load(sys.argv[1], mmap_mode="r")
config = TrainingConfig(width=4, batch=50, epochs=1, precision="fp32", synchronise_batch_norm=True)
trainer = Trainer(config, images, device="cpu")
for _ in range(3):
    trainer.advance()
if trainer.group.writes:
    tensors = [*trainer.generator.parameters(), *trainer.discriminator.parameters()]
    torch.save([t.detach() for t in tensors] + [trainer.history[:3]], sys.argv[2])
"""


def test_two_processes_equal_one(images, tmp_path):
    """Two at batch 25 with synchronised batch norm against one at batch 50, through torchrun and gloo."""
    np.save(tmp_path / "images.npy", images)
    (tmp_path / "script.py").write_text(DISTRIBUTED)
    files = [str(tmp_path / "images.npy"), str(tmp_path / "two.pt")]
    words = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        [*words, str(tmp_path / "script.py"), *files],
        cwd=PROJECT,
        timeout=120,
        text=True,
        capture_output=True,
        env=environment,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    threads = torch.get_num_threads()
    torch.set_num_threads(
        1
    )  # as the two: the order in which threads add up is another difference, not the one meant
    try:
        orders = [torch.randperm(50, generator=torch.Generator().manual_seed(k)) for k in range(8)]
        ones = [alone(images, order) for order in [torch.arange(50), *orders]]
    finally:
        torch.set_num_threads(threads)
    two = torch.load(tmp_path / "two.pt", weights_only=True)
    # an activation at the kink of a ReLU falls to either side by the last bit of a sum, which the order of the batch
    # decides in one process as well: the two must equal one that has it on the same side
    assert any(all((a - b).norm() <= 1e-5 * b.norm() for a, b in zip(two, one)) for one in ones)


def alone(images, order):
    """What DISTRIBUTED keeps, of one process, with the pictures of each batch in another order: the same sums."""
    trainer = Trainer(
        TrainingConfig(width=4, batch=50, epochs=1, precision="fp32"), images, device="cpu"
    )
    play = trainer.play
    trainer.play = lambda indices, numbers, penalised: play(
        indices[order], {name: values[order] for name, values in numbers.items()}, penalised
    )
    for _ in range(3):
        trainer.advance()
    tensors = [*trainer.generator.parameters(), *trainer.discriminator.parameters()]
    return [tensor.detach() for tensor in tensors] + [trainer.history[:3]]


def test_two_machines_equal_one(images, tmp_path):
    """The README's line for several machines, both played by this one: launchers that find each other by address."""
    folder = tmp_path / "faces"
    folder.mkdir()
    for k, image in enumerate(images):
        Image.fromarray(image.transpose(1, 2, 0)).save(folder / f"{k:03}.png")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    settings = [
        "--faces",
        str(folder),
        "--preset",
        "smoke",
        "--width",
        "4",
        "--batch",
        "50",
        "--epochs",
        "1",
        "--precision",
        "fp32",
        "--synchronise-batch-norm",
        "--device",
        "cpu",
    ]
    launch = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--nnodes",
        "2",
        "--nproc_per_node",
        "1",
        "--rdzv_backend",
        "c10d",
        "--rdzv_endpoint",
        address,
    ]
    train_words = ["-m", "animegan_helpers", "train", *settings]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "ANIMEGAN_CACHE": str(tmp_path / "cache")}
    words = [*launch, *train_words, "--out", str(tmp_path / "two")]
    machines = [
        subprocess.Popen(
            words,
            cwd=PROJECT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(2)
    ]
    told = [machine.communicate(timeout=180)[0] for machine in machines]
    assert [machine.returncode for machine in machines] == [0, 0], told
    alone = [sys.executable, *train_words, "--out", str(tmp_path / "one")]
    subprocess.run(alone, cwd=PROJECT, env=environment, check=True, capture_output=True)
    histories = [
        np.loadtxt(tmp_path / name / "history.csv", delimiter=",", skiprows=1)
        for name in ("one", "two")
    ]
    assert np.allclose(*histories, rtol=1e-3, atol=1e-4)


MEMORY = """
import sys, time, numpy as np, torch
from animegan_helpers.training import Trainer, TrainingConfig
torch.set_num_threads(1)
images = np.load(sys.argv[1], mmap_mode="r")
trainer = Trainer(TrainingConfig(width=4, epochs=2, precision="fp32"), images, device="cpu")
for _ in range(40):
    trainer.advance()
print([int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("RssAnon")][0])
"""


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="reads Linux's account of memory"
)
def test_memory_does_not_grow_with_the_faces(tmp_path):
    """5,000 and 70,000 pictures, memory-mapped from sparse files: the same memory of its own within a tenth."""
    used = {}
    for count in (5_000, 70_000):
        path = tmp_path / f"{count}.npy"
        np.lib.format.open_memmap(path, "w+", np.uint8, (count, 3, 64, 64)).flush()
        words = [sys.executable, "-c", MEMORY, str(path)]
        used[count] = int(
            subprocess.run(words, check=True, cwd=PROJECT, capture_output=True, text=True).stdout
        )
    assert used[70_000] < 1.1 * used[5_000], used


def test_a_torch_without_cuda_is_told_in_one_line(monkeypatch):
    def no_such_name(index):
        raise AttributeError("module 'torch._C' has no attribute '_cuda_setDevice'")

    monkeypatch.setattr(torch.cuda, "set_device", no_such_name)
    with pytest.raises(ValueError, match="no device 'cuda'"):
        choose_device("cuda")


def test_making_a_trainer_leaves_random_numbers_alone(images):
    before = torch.get_rng_state()
    for precision in ("fp32", "bf16", "auto"):
        Trainer(small(precision=precision), images, device="cpu")
    assert torch.equal(torch.get_rng_state(), before)


def test_no_momentum_is_a_setting_like_any(images):
    trainer = Trainer(small(beta1=0), images, device="cpu")
    trainer.advance()
    trainer.check_finite()


def test_batches_that_cannot_be_compared_in_groups_are_refused(images):
    with pytest.raises(TrainingError, match="37 cannot be dealt"):
        Trainer(small(batch=37, variants=("batch-deviation",)), images, device="cpu")


def test_several_processes_on_mps_are_refused(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ValueError, match="--device cpu"):
        start_group(torch.device("mps"))


def test_a_folder_called_damaged_is_no_damaged_checkpoint(images, tmp_path):
    out = tmp_path / "damaged-set"
    train(small(epochs=1), images, out, device="cpu")
    train(small(epochs=2), images, out, device="cpu")
    with pytest.raises(CheckpointError, match="beyond the 1 asked for"):
        resume(Trainer(small(epochs=1), images, out, "cpu"))


def test_an_observer_hears_of_an_error(images, tmp_path):
    class Watcher(Observer):
        def finish(self, trainer, message):
            self.message = message

    watcher, trainer = Watcher(), Trainer(small(), images, tmp_path, "cpu")
    with torch.no_grad():
        next(trainer.generator.parameters()).fill_(torch.nan)
    with pytest.raises(TrainingError, match="not finite"):
        run(trainer, watcher)
    assert watcher.message == "stopped by an error after 10 steps"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="CUDA graphs need CUDA")
@pytest.mark.parametrize("penalty", [0.0, 1.0])
def test_a_captured_step_does_what_the_plain_one_does(images, penalty, monkeypatch):
    def refuse(trainer, penalised):
        raise RuntimeError("no capture, for the comparison")

    settings = small(flip=True, augment=("translation",), penalty_real=penalty, penalty_every=2)
    captured = Trainer(settings, images, device="cuda")
    monkeypatch.setattr("animegan_helpers.captured_step.CapturedStep", refuse)
    plain = Trainer(settings, images, device="cuda")
    assert captured._graphs and not plain._graphs and "no capture" in plain.notes[0][1]
    assert all(map(torch.equal, state(captured), state(plain))), "a capture leaves nothing behind"
    for trainer in (captured, plain):
        for _ in range(5):
            trainer.advance()
    for mine, other in zip(captured.curves().values(), plain.curves().values()):
        np.testing.assert_allclose(mine, other, rtol=1e-2)
