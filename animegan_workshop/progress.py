"""A run in a terminal: what `train` shows while it runs."""

from tqdm.auto import tqdm

from animegan_helpers.runs import Observer
from animegan_helpers.training import Trainer


class ProgressBar(Observer):
    """Shows a run in a terminal."""

    def start(self, trainer: Trainer) -> None:
        total = len(trainer.history)
        self.bar = tqdm(total=total, initial=trainer.step, unit="step", dynamic_ncols=True)

    def update(self, trainer: Trainer) -> None:
        self.bar.update(trainer.step - self.bar.n)
        recent = {name: f"{values[-50:].mean():.2f}" for name, values in trainer.curves().items()}
        self.bar.set_postfix(epoch=f"{trainer.epoch}/{trainer.config.epochs}", **recent)

    def finish(self, trainer: Trainer, message: str) -> None:
        self.update(trainer)
        self.bar.close()
        for epoch, note in trainer.notes:
            tqdm.write(f"note, epoch {epoch}: {note}")
        tqdm.write(message)
