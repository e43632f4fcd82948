"""The training of a GAN: the step, the epochs, the averaged generator, the history.

The game is the one of Goodfellow et al. 2014 (arXiv 1406.2661) with the non-saturating loss of its section 3, played
by DCGAN's rules (Radford et al. 2015, arXiv 1511.06434). In fp32 it gives the numbers of the textbook loop; what is
faster about it is where the pictures lie, the arithmetic, and gradients that nobody needs and nobody computes.
"""

import contextlib
import copy
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import nn

from animegan_helpers.augment import NUMBERS, augment
from animegan_helpers.budget import best_precision, choose_device
from animegan_helpers.captured_step import captured_steps
from animegan_helpers.distributed import start_group, synchronise_batch_norm
from animegan_helpers.losses import LOSSES, gradient_penalty
from animegan_helpers.matrix_products import MatrixProducts, products_are_faster
from animegan_helpers.networks import build_networks
from animegan_helpers.settings import TrainingConfig, TrainingError, load_presets, preset
from animegan_helpers.variants import BatchDeviation

__all__ = ["Trainer", "TrainingConfig", "TrainingError", "epoch_order", "load_presets", "preset"]

HISTORY_COLUMNS = ("loss_d", "loss_g", "d_real", "d_fake")
"""What is recorded at each step: D's summed loss, G's loss, mean D(x), mean D(G(z)) before D's update."""

EARLY = 200
"""Steps before which a run is not yet looked at for trouble."""


def epoch_order(count: int, seed: int, epoch: int) -> np.ndarray:
    """The order in which an epoch visits `count` pictures; it depends on nothing else, so a resumed run has it."""
    return np.random.default_rng([seed, epoch]).permutation(count)


class Trainer:
    """A run of training: networks, optimisers, noise and history, moved on step by step.

    images: uint8 (N, 3, 64, 64), a memory map or an array; out: the run's folder, or None to write nothing.
    On CUDA the pictures move to the device where they fill no more than half of it, and the step of one process is then
    captured in a CUDA graph.
    """

    def __init__(
        self,
        config: TrainingConfig,
        images: np.ndarray,
        out: Path | str | None = None,
        device: torch.device | str | None = None,
    ):
        config.check()
        self.device = choose_device(str(device) if device else None)
        self.group = start_group(self.device)
        if len(images) < config.batch:
            raise TrainingError(
                f"{len(images)} pictures do not fill one batch of {config.batch}: use a smaller batch"
            )
        if images.shape[1:] != (3, 64, 64):
            raise TrainingError(
                f"pictures are {images.shape[1:]}, but the networks are built for (3, 64, 64)"
            )
        if config.batch % self.group.size:
            raise TrainingError(
                f"a batch of {config.batch} cannot be shared by {self.group.size} processes evenly"
            )
        self.config, self.images = config, images
        self.out = Path(out) if out is not None else None
        share = config.batch // self.group.size
        if "batch-deviation" in config.variants and BatchDeviation.group(share) == 1:
            raise TrainingError(
                f"batch-deviation compares groups of 2 to {BatchDeviation.GROUP} pictures, and {share} "
                "cannot be dealt into such: use another batch"
            )
        self.precision = config.precision
        if config.precision == "auto":
            found = self.group.gather(best_precision(self.device, config.width, config.batch))
            self.precision = found[0] if len(set(found)) == 1 else "fp32"  # processes must agree
        # In fp32 on a CPU the very order of operations is the textbook loop's: a GAN is chaotic, and the last bit of a
        # sum is another picture twenty steps later. Elsewhere: the layout and the optimiser that are fastest.
        self._fast = self.precision == "bf16" or self.device.type == "cuda"
        products = self.precision == "bf16" and self.device.type == "cpu"
        self._matrix_products = products and all(
            self.group.gather(products_are_faster(config.width, share))
        )
        self._layout = torch.channels_last if self._fast else torch.contiguous_format
        self.steps_per_epoch = len(images) // config.batch
        self.step = 0
        self.notes: list[tuple[int, str]] = []
        self.seconds = 0.0  # spent training, over all sittings
        self.started_from = (
            ""  # the weights file that the run began with, if it did not begin with chance
        )

        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(config.seed)
            generator, discriminator = build_networks(
                config.architecture,
                config.z_dim,
                config.width,
                config.initialisation,
                config.variants,
            )
            self.fixed_noise = torch.randn(64, config.z_dim).to(self.device)
        self.generator = generator.to(self.device, memory_format=self._layout)
        self.discriminator = discriminator.to(self.device, memory_format=self._layout)
        self.averaged = (
            copy.deepcopy(generator).eval().requires_grad_(False) if config.average else None
        )
        if config.synchronise_batch_norm and self.group.size > 1:
            synchronise_batch_norm(self.generator)
            synchronise_batch_norm(self.discriminator)
        self.optimiser_g = self._make_optimiser(self.generator, config.learning_rate_g)
        self.optimiser_d = self._make_optimiser(self.discriminator, config.learning_rate_d)
        self.random = torch.Generator(self.device).manual_seed(config.seed)
        self.history = torch.zeros(
            config.epochs * self.steps_per_epoch, len(HISTORY_COLUMNS), device=self.device
        )
        self._order = (-1, None)  # the epoch whose order is at hand, and the order
        self._resident, self._graphs = None, {}
        if self.device.type == "cuda":
            if images.nbytes < torch.cuda.mem_get_info()[0] / 2:
                self._resident = torch.from_numpy(np.array(images)).to(self.device)
            if self.group.size == 1 and self._resident is not None:
                self._graphs = captured_steps(
                    self, {self._penalised(step) for step in range(config.penalty_every)}
                )

    def _make_optimiser(self, network: nn.Module, learning_rate: float) -> torch.optim.Adam:
        betas = (
            float(self.config.beta1),
            float(self.config.beta2),
        )  # torch takes a whole 0 for another kind
        cuda = self.device.type == "cuda"
        # a number would be a constant of the captured step; a tensor can be changed while the run goes on
        rate = torch.tensor(learning_rate, device=self.device) if cuda else learning_rate
        optimiser = torch.optim.Adam(
            network.parameters(), rate, betas, fused=self._fast, capturable=cuda
        )
        for parameter in (
            network.parameters()
        ):  # Adam would make these at its first step; a checkpoint fills them
            optimiser.state[parameter] = {
                "step": torch.zeros(
                    (), device=self.device if self._fast else "cpu"
                ),  # as Adam itself would have it
                "exp_avg": torch.zeros_like(parameter),
                "exp_avg_sq": torch.zeros_like(parameter),
            }
        return optimiser

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
        """Images (B, 3, 64, 64) in [-1, 1] on the CPU for z (the fixed noise), in eval mode; leaves no trace."""
        sampler = self.averaged or self.generator
        training = sampler.training
        images = (
            sampler.eval()((self.fixed_noise if z is None else z).to(self.device)).float().cpu()
        )
        sampler.train(training)
        return images

    def advance(self) -> None:
        """One step of D and one of G on the next batch."""
        epoch, position = divmod(self.step, self.steps_per_epoch)
        if self._order[0] != epoch:
            order = torch.from_numpy(epoch_order(len(self.images), self.config.seed, epoch))
            self._order = (epoch, order.to(self.device) if self._resident is not None else order)
        batch = self.config.batch
        indices = self._order[1][position * batch : (position + 1) * batch][self.group.slice(batch)]
        penalised = self._penalised(self.step)
        if self._graphs:
            metrics = self._graphs[penalised].play(indices, self.draw())
        else:
            metrics = self.play(indices, self.draw(), penalised)
        self.group.average([metrics])
        self.history[self.step] = metrics
        if self.averaged is not None:
            self._update_average()
        self.step += 1

    def _penalised(self, step: int) -> bool:
        return (
            max(self.config.penalty_real, self.config.penalty_fake) > 0
            and step % self.config.penalty_every == 0
        )

    def draw(self) -> dict[str, torch.Tensor]:
        """The random numbers of a step, this process's share of each.

        They are drawn for the whole batch in every process, so that they do not depend on how many there are.
        """
        config, share, batch = self.config, self.group.slice(self.config.batch), self.config.batch
        numbers = {
            "z": torch.randn(batch, config.z_dim, device=self.device, generator=self.random)[share]
        }
        uniform = {"mirror": 1} if config.flip else {}
        if config.augment:
            uniform |= {
                "augment_real": NUMBERS * len(config.augment),
                "augment_fake": NUMBERS * len(config.augment),
            }
        for name, columns in uniform.items():
            numbers[name] = torch.rand(batch, columns, device=self.device, generator=self.random)[
                share
            ]
        return numbers

    def play(
        self, indices: torch.Tensor, numbers: dict[str, torch.Tensor], penalised: bool
    ) -> torch.Tensor:
        """D's step, then G's, on real pictures `indices` (B,) with the random numbers of draw(); history's row (4,).

        penalised: with the gradient penalties that the settings ask for.
        """
        config, loss = self.config, LOSSES[self.config.loss]
        real = self._real_batch(indices, numbers.get("mirror"))  # (B, 3, 64, 64)
        with self._autocast():
            fake = self.generator(numbers["z"])  # (B, 3, 64, 64)
        seen_fake = fake  # as D sees it
        if config.augment:
            real = augment(real, config.augment, numbers["augment_real"])
            seen_fake = augment(fake.float(), config.augment, numbers["augment_fake"])
        for_d = seen_fake.detach()  # D's loss is not for G to follow
        weights = [
            config.penalty_every * penalised * weight
            for weight in (config.penalty_real, config.penalty_fake)
        ]
        real.requires_grad_(weights[0] > 0), for_d.requires_grad_(weights[1] > 0)
        with self._autocast():
            real_logits = self.discriminator(
                real
            )  # (B,), apart from the fakes: batch norm sees one kind at a time
            fake_logits = self.discriminator(for_d)  # (B,)
        loss_d = loss.discriminator(real_logits, fake_logits)
        seen = (real_logits, real), (fake_logits, for_d)
        penalty = sum(
            weight / 2 * gradient_penalty(*pair) for weight, pair in zip(weights, seen) if weight
        )
        self._descend(self.optimiser_d, loss_d + penalty)
        self.discriminator.requires_grad_(
            False
        )  # G's step goes through D, and needs no gradient of its weights
        with self._autocast():
            new_logits = self.discriminator(seen_fake)  # (B,), by the D just updated
            with torch.no_grad():
                new_real_logits = self.discriminator(real) if loss.pairs else None
        self.discriminator.requires_grad_(True)
        loss_g = loss.generator(new_real_logits, new_logits)
        self._descend(self.optimiser_g, loss_g)
        with torch.no_grad():
            d_real, d_fake = (
                logits.float().sigmoid().mean() for logits in (real_logits, fake_logits)
            )
            return torch.stack([loss_d, loss_g, d_real, d_fake])

    def _real_batch(self, indices: torch.Tensor, mirror: torch.Tensor | None) -> torch.Tensor:
        if self._resident is not None:
            pixels = self._resident[indices]
        else:
            pixels = torch.from_numpy(self.images[indices.numpy()]).to(self.device)
        real = pixels.to(torch.float32, memory_format=self._layout).div_(127.5).sub_(1)
        return (
            real
            if mirror is None
            else torch.where(mirror[:, :, None, None] < 0.5, real.flip(3), real)
        )

    def _autocast(self) -> contextlib.AbstractContextManager:
        if self.precision == "fp32":
            return contextlib.nullcontext()
        # a context for each network's turn: inside one, the bf16 copies of D's weights would outlive D's step
        contexts = contextlib.ExitStack()
        on_cpu = self.device.type == "cpu"
        contexts.enter_context(
            torch.autocast(self.device.type, torch.bfloat16, cache_enabled=on_cpu)
        )
        if self._matrix_products:
            contexts.enter_context(MatrixProducts())
        return contexts

    def _descend(self, optimiser: torch.optim.Optimizer, loss: torch.Tensor) -> None:
        """One step down the loss: gradients for this optimiser's parameters and no others."""
        parameters = optimiser.param_groups[0]["params"]
        gradients = torch.autograd.grad(loss, parameters)
        self.group.average(gradients)
        for parameter, gradient in zip(parameters, gradients):
            # fused Adam walks memory, so a gradient must lie as its parameter does
            same = gradient.stride() == parameter.stride()
            parameter.grad = gradient if same else torch.empty_like(parameter).copy_(gradient)
        optimiser.step()

    @torch.no_grad()
    def _update_average(self) -> None:
        """averaged <- decay * averaged + (1 - decay) * generator, buffers too; the decay starts low and rises."""
        decay = min(self.config.average, (1 + self.step) / (10 + self.step))
        mine, current = self.averaged.state_dict().values(), self.generator.state_dict().values()
        floats = [(a, g) for a, g in zip(mine, current) if a.is_floating_point()]
        torch._foreach_lerp_([a for a, _ in floats], [g for _, g in floats], 1 - decay)

    def check_finite(self) -> None:
        """Raises TrainingError that names the first step whose loss, or the weights after it, are not finite."""
        bad = (~torch.isfinite(self.history[: self.step]).all(dim=1)).nonzero()
        if len(bad):
            raise TrainingError(
                f"the loss is not finite at step {int(bad[0]) + 1}: the run stops, the last checkpoint is kept; "
                "try a lower learning rate, or precision fp32"
            )
        # a finite loss can still have sent the weights away: such weights must not become a checkpoint
        for network in (self.generator, self.discriminator):
            if not all(torch.isfinite(tensor).all() for tensor in network.state_dict().values()):
                raise TrainingError(
                    f"weights are not finite after step {self.step}: the run stops, the last checkpoint is kept; "
                    "try a lower learning rate, or precision fp32"
                )

    def look_for_trouble(self) -> str | None:
        """At an epoch's end: a sentence if D wins outright or the samples have collapsed, else None.

        Nothing is said in the first EARLY steps: samples that hardly differ are how every run begins.
        """
        if self.step < EARLY:
            return None
        recent = self.history[max(0, self.step - self.steps_per_epoch) : self.step].mean(dim=0)
        d_real, d_fake = float(recent[2]), float(recent[3])
        spread = float(self.samples().std(dim=0).mean())
        real = (
            torch.from_numpy(np.array(self.images[:: max(1, len(self.images) // 64)])).float()
            / 127.5
            - 1
        )
        if spread < 0.2 * float(real.std(dim=0).mean()):
            return (
                f"the samples have collapsed: they differ by {spread:.2f} where real faces differ by "
                f"{float(real.std(dim=0).mean()):.2f}; try a lower learning rate for D, or another seed"
            )
        if d_real > 0.98 and d_fake < 0.02:
            return (
                f"D wins outright: D(x) = {d_real:.3f}, D(G(z)) = {d_fake:.3f} over the last epoch; "
                "try a lower learning rate for D, or more data"
            )
        return None

    def summary(self) -> dict:
        """What is known of the run, for a checkpoint or a card."""
        return {
            "config": asdict(self.config),
            "device": self.device.type,
            "precision": self.precision,
            "matrix_products": self._matrix_products,
            "step": self.step,
            "epoch": self.epoch,
            "pictures": len(self.images),
            "seconds": self.seconds,
            "notes": self.notes,
            "started_from": self.started_from,
        }
