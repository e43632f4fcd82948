"""The training of a GAN: one step, the epochs, the EMA of G, the history (notebook 05).

The game is that of Goodfellow et al. 2014 (arXiv 1406.2661) with the non-saturating loss of its
section 3, played by DCGAN's rules (Radford et al. 2015, arXiv 1511.06434).
In fp32 on a CPU the trainer gives the textbook loop's numbers to the last bit.
"""

import contextlib
import copy
import functools
import hashlib
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import nn

from animegan_helpers.augment import NUMBERS, augment
from animegan_helpers.budget import best_precision, choose_device
from animegan_helpers.calibration import recalibrate
from animegan_helpers.distributed import Group, start_group
from animegan_helpers.losses import LOSSES, gradient_penalty
from animegan_helpers.networks import BatchDeviation, build_networks
from animegan_helpers.settings import TrainingConfig, TrainingError, find

HISTORY_COLUMNS = ("loss_d", "loss_g", "d_real", "d_fake")
"""What is recorded at each step: D's loss, G's loss, mean D(x), mean D(G(z)) before D's update."""

EARLY = 200
"""Steps before which nobody looks for trouble: at first, samples hardly differ in any run."""


def epoch_order(count: int, seed: int, epoch: int) -> np.ndarray:
    """The order in which an epoch visits `count` faces, (count,).

    It depends on nothing else, so a resumed run has the same.
    """
    return np.random.default_rng([seed, epoch]).permutation(count)


def descend(optimiser: torch.optim.Optimizer, loss: torch.Tensor, group: Group) -> None:
    """One step of the optimiser down the loss, with gradients averaged over all processes."""
    parameters = optimiser.param_groups[0]["params"]
    optimiser.zero_grad()
    loss.backward(inputs=parameters)  # the other network's weights get no gradient
    group.average([parameter.grad for parameter in parameters])
    optimiser.step()


def train_step(trainer: "Trainer", real: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
    """One update of D, then one of G; gives this step's row of the history, (4,).

    real: faces (B, 3, 64, 64) in [-1, 1]; z: latent vectors (B, z_dim).
    """
    G, D, loss = trainer.generator, trainer.discriminator, trainer.loss
    r1, r2 = trainer.penalty_weights()

    # update D: maximise log D(x) + log(1 - D(G(z)))
    with trainer.autocast():
        fake = G(z)  # (B, 3, 64, 64)
    real, fake = trainer.augment(real), trainer.augment(fake)
    fixed = fake.detach()  # D's loss must not reach G
    real.requires_grad_(r1 > 0)
    fixed.requires_grad_(r2 > 0)
    with trainer.autocast():
        real_logits = D(real)  # (B,); apart from the fakes, or batch norm would mix the two kinds
        fake_logits = D(fixed)  # (B,)
    loss_d = loss.discriminator(real_logits, fake_logits)
    penalty = 0.0
    if r1:
        penalty = penalty + r1 / 2 * gradient_penalty(real_logits, real)
    if r2:
        penalty = penalty + r2 / 2 * gradient_penalty(fake_logits, fixed)
    descend(trainer.optimiser_d, loss_d + penalty, trainer.group)

    # update G: maximise log D(G(z))
    with trainer.autocast():  # a context of its own, for it keeps D's weights in bf16
        new_logits = D(fake)  # (B,), by the D just updated
        with torch.no_grad():
            new_real_logits = D(real) if loss.pairs else None
    loss_g = loss.generator(new_real_logits, new_logits)
    descend(trainer.optimiser_g, loss_g, trainer.group)

    with torch.no_grad():
        d_real, d_fake = real_logits.float().sigmoid(), fake_logits.float().sigmoid()
        return torch.stack([loss_d, loss_g, d_real.mean(), d_fake.mean()])


def check_batch(config: TrainingConfig, images: np.ndarray, processes: int) -> None:
    """Raises TrainingError where these faces, or so many processes, cannot share such a batch."""
    if images.shape[1:] != (3, 64, 64):
        raise TrainingError(f"faces are {images.shape[1:]}, but networks are built for (3, 64, 64)")
    batch, share = config.batch, config.batch // processes
    if len(images) < batch:
        raise TrainingError(
            f"{len(images)} faces do not fill a batch of {batch}: use a smaller one"
        )
    if batch % processes:
        raise TrainingError(f"{processes} processes cannot share a batch of {batch} evenly")
    if "batch-deviation" in config.variants and BatchDeviation.group(share) == 1:
        groups = f"groups of 2 to {BatchDeviation.GROUP}: use another batch"
        raise TrainingError(f"batch-deviation cannot deal {share} faces into {groups}")


class Trainer:
    """A run of training: networks, optimisers, noise and history, moved on step by step.

    images: uint8 (N, 3, 64, 64), a memory map or an array; out: the run's folder, None for none.
    A GPU keeps all faces in its memory where they fill less than half of what is free. Nothing in
    a step waits for the GPU: the history stays there until somebody reads it.
    Raises TrainingError for settings that cannot work, ValueError for a device that is not there.
    """

    def __init__(
        self,
        config: TrainingConfig,
        images: np.ndarray,
        out: Path | str | None = None,
        device: torch.device | str | None = None,
    ):
        config.check()
        self.config, self.images = config, images
        self.out = Path(out) if out is not None else None
        self.device = choose_device(str(device) if device else None)
        self.group = start_group(self.device)
        check_batch(config, images, self.group.size)
        self.loss = find("loss", LOSSES, config.loss)
        self.precision = config.precision
        if config.precision == "auto":
            found = self.group.gather(best_precision(self.device, config.width, config.batch))
            self.precision = found[0] if len(set(found)) == 1 else "fp32"  # processes must agree

        self.step = 0
        self.steps_per_epoch = len(images) // config.batch
        steps = config.epochs * self.steps_per_epoch
        self.history = torch.zeros(steps, len(HISTORY_COLUMNS), device=self.device)
        self.notes: list[tuple[int, str]] = []  # (epoch, sentence)
        self.seconds = 0.0  # of training, over all sittings
        self.started_from = ""  # the weights that the run began with; "" for random ones
        self.random = torch.Generator(self.device).manual_seed(config.seed)
        self._fingerprint = fingerprint(images)
        self._order = (-1, None)  # an epoch, and the order of its faces
        self._on_device = None
        if images.nbytes < free_memory(self.device) / 2:
            self._on_device = torch.from_numpy(np.array(images)).to(self.device)
        self._make_networks()

    def _make_networks(self) -> None:
        config = self.config
        # In fp32 on a CPU every sum is in the textbook loop's order. A GAN is chaotic: the last bit
        # of a sum is another picture twenty steps later. Elsewhere the fastest layout is used.
        fast = self.precision == "bf16" or self.device.type == "cuda"
        self._layout = torch.channels_last if fast else torch.contiguous_format
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(config.seed)
            size = config.architecture, config.z_dim, config.width
            generator, discriminator = build_networks(*size, config.initialisation, config.variants)
            self.fixed_noise = torch.randn(64, config.z_dim).to(self.device)
        self.generator = generator.to(self.device, memory_format=self._layout)
        self.discriminator = discriminator.to(self.device, memory_format=self._layout)
        self.ema = copy.deepcopy(generator).eval().requires_grad_(False) if config.ema else None
        if config.synchronise_batch_norm and self.group.size > 1:
            from animegan_workshop.synchronised import synchronise_batch_norm

            synchronise_batch_norm(self.generator)
            synchronise_batch_norm(self.discriminator)
        betas = float(config.beta1), float(config.beta2)  # torch wants both of one type
        adam = functools.partial(torch.optim.Adam, betas=betas, fused=fast)
        self.optimiser_g = adam(self.generator.parameters(), config.learning_rate_g)
        self.optimiser_d = adam(self.discriminator.parameters(), config.learning_rate_d)

    @property
    def epoch(self) -> int:
        """Epochs finished."""
        return self.step // self.steps_per_epoch

    @property
    def finished(self) -> bool:
        """Whether all epochs are done."""
        return self.step >= len(self.history)

    def curves(self) -> dict[str, np.ndarray]:
        """The history so far: each of HISTORY_COLUMNS -> float32 (steps,)."""
        return dict(zip(HISTORY_COLUMNS, self.history[: self.step].T.cpu().numpy()))

    @torch.no_grad()
    def samples(self, z: torch.Tensor | None = None) -> torch.Tensor:
        """Images (B, 3, 64, 64) in [-1, 1] on the CPU for z, or for the fixed noise.

        They are drawn in eval mode, from the EMA if there is one. The trainer is left as it was.
        """
        sampler = self.ema or self.generator
        training = sampler.training
        z = self.fixed_noise if z is None else z
        images = sampler.eval()(z.to(self.device)).float().cpu()
        sampler.train(training)
        return images

    def final_generator(self) -> nn.Module:
        """A copy of G to measure and to hand on, in eval mode.

        It is the EMA where there is one, with batch norm recalibrated: its running averages are of
        activations that the averaged weights never produced.
        """
        generator = copy.deepcopy(self.ema or self.generator).eval().requires_grad_(False)
        generator.to(memory_format=torch.contiguous_format)
        return recalibrate(generator) if self.ema else generator

    def advance(self) -> None:
        """One step: an update of D and one of G on the next batch."""
        z = self.draw(torch.randn, self.config.z_dim)
        with self.arithmetic():
            metrics = train_step(self, self.next_faces(), z)
        self.group.average([metrics])
        self.history[self.step] = metrics
        if self.ema is not None:
            self._update_ema()
        self.step += 1

    def draw(self, numbers, columns: int) -> torch.Tensor:
        """Random numbers, (this process's share of the batch, columns).

        numbers: torch.rand or torch.randn. Each process draws for the whole batch and takes its
        share, so the numbers do not depend on how many processes there are.
        """
        batch = self.config.batch
        drawn = numbers(batch, columns, device=self.device, generator=self.random)
        return drawn[self.group.slice(batch)]

    def next_faces(self) -> torch.Tensor:
        """The next batch of real faces, (B, 3, 64, 64) in [-1, 1], half of them mirrored if set."""
        epoch, position = divmod(self.step, self.steps_per_epoch)
        if self._order[0] != epoch:
            order = epoch_order(len(self.images), self.config.seed, epoch)
            self._order = epoch, order if self._on_device is None else self._to_device(order)
        start = position * self.config.batch
        rows = self._order[1][start : start + self.config.batch]
        rows = rows[self.group.slice(self.config.batch)]
        if self._on_device is None:
            pixels = self._to_device(self.images[rows])
        else:
            pixels = self._on_device[rows]
        faces = pixels.to(torch.float32, memory_format=self._layout).div_(127.5).sub_(1)
        if not self.config.flip:
            return faces
        mirrored = self.draw(torch.rand, 1)[:, :, None, None] < 0.5  # (B, 1, 1, 1)
        return torch.where(mirrored, faces.flip(3), faces)

    def _to_device(self, array: np.ndarray) -> torch.Tensor:
        tensor = torch.from_numpy(array)
        if self.device.type == "cuda":  # from pinned memory a copy does not wait for the GPU
            return tensor.pin_memory().to(self.device, non_blocking=True)
        return tensor.to(self.device)

    def augment(self, images: torch.Tensor) -> torch.Tensor:
        """The images as D sees them, changed by the augmentations that the settings name."""
        names = self.config.augment
        if not names:
            return images
        return augment(images.float(), names, self.draw(torch.rand, NUMBERS * len(names)))

    def penalty_weights(self) -> tuple[float, float]:
        """The weights of R1 and R2 in this step; 0 in the steps that go without a penalty."""
        every = self.config.penalty_every
        factor = every if self.step % every == 0 else 0
        return factor * self.config.penalty_real, factor * self.config.penalty_fake

    def autocast(self) -> contextlib.AbstractContextManager:
        """Convolutions in bf16, if that is this run's precision."""
        if self.precision == "fp32":
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16)

    def arithmetic(self) -> contextlib.AbstractContextManager:
        """Keeps cuDNN from rounding to TF32 where the precision is fp32; only during a step."""
        if self.device.type != "cuda":
            return contextlib.nullcontext()
        return torch.backends.cudnn.flags(enabled=True, allow_tf32=self.precision != "fp32")

    @torch.no_grad()
    def _update_ema(self) -> None:
        """ema <- decay * ema + (1 - decay) * generator, buffers too; the decay starts low."""
        decay = min(self.config.ema, (1 + self.step) / (10 + self.step))
        pairs = zip(self.ema.state_dict().values(), self.generator.state_dict().values())
        mine, current = zip(*[pair for pair in pairs if pair[0].is_floating_point()])
        torch._foreach_lerp_(mine, current, 1 - decay)

    def check_finite(self) -> None:
        """Raises TrainingError where a loss or a weight is not finite; it names the step."""
        advice = "the last checkpoint is kept; try a lower learning rate, or precision fp32"
        bad = (~torch.isfinite(self.history[: self.step]).all(dim=1)).nonzero()
        if len(bad):
            raise TrainingError(f"the loss is not finite at step {int(bad[0]) + 1}: {advice}")
        # weights can overflow in the very step whose loss was still finite
        for network in (self.generator, self.discriminator):
            if not all(torch.isfinite(tensor).all() for tensor in network.state_dict().values()):
                raise TrainingError(f"weights are not finite after step {self.step}: {advice}")

    def look_for_trouble(self) -> str | None:
        """A sentence if D wins outright or the samples have collapsed, else None."""
        if self.step < EARLY:
            return None
        real = np.array(self.images[:: max(1, len(self.images) // 64)]) / 127.5
        usual, spread = real.std(axis=0).mean(), self.samples().std(dim=0).mean()
        if spread < 0.2 * usual:
            told = f"they differ by {spread:.2f}, real faces by {usual:.2f}"
            advice = "try a lower learning rate for D, or another seed"
            return f"the samples have collapsed: {told}; {advice}"
        recent = self.history[max(0, self.step - self.steps_per_epoch) : self.step].mean(dim=0)
        d_real, d_fake = recent[2:].tolist()
        if d_real > 0.98 and d_fake < 0.02:
            told = f"D(x) = {d_real:.3f}, D(G(z)) = {d_fake:.3f} over the last epoch"
            return f"D wins outright: {told}; try a lower learning rate for D, or more data"
        return None

    def summary(self) -> dict:
        """What is known of the run, for a checkpoint or a card."""
        return {
            "config": asdict(self.config),
            "device": self.device.type,
            "precision": self.precision,
            "step": self.step,
            "epoch": self.epoch,
            "pictures": len(self.images),
            "fingerprint of the faces": self._fingerprint,
            "seconds": self.seconds,
            "notes": self.notes,
            "started_from": self.started_from,
        }


def fingerprint(images: np.ndarray) -> str:
    """A hash of 32 evenly spaced faces: it tells sets apart without reading a large one whole."""
    rows = np.linspace(0, len(images) - 1, 32).astype(int)
    return hashlib.blake2b(images[rows].tobytes(), digest_size=8).hexdigest()


def free_memory(device: torch.device) -> int:
    """Bytes free on a GPU; 0 on a CPU, where faces stay in their memory map."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    if device.type == "mps":
        return torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
    return 0
