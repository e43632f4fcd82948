"""A training step recorded once on a GPU, then launched as one piece, without Python between its kernels."""

import torch


class CapturedStep:
    """A Trainer's step as a CUDA graph, with or without gradient penalties; the trainer's state stays as it was.

    Raises RuntimeError where the step cannot be captured.
    """

    def __init__(self, trainer, penalised: bool):
        self.indices = torch.zeros(trainer.config.batch, dtype=torch.long, device=trainer.device)
        random = trainer.random.get_state()
        self.numbers = trainer.draw()
        trainer.random.set_state(random)
        state = [
            *trainer.generator.state_dict().values(),
            *trainer.discriminator.state_dict().values(),
        ]
        for optimiser in (trainer.optimiser_g, trainer.optimiser_d):
            state += [tensor for entry in optimiser.state.values() for tensor in entry.values()]
        before = [tensor.clone() for tensor in state]
        stream = (
            torch.cuda.Stream()
        )  # warming up on a side stream is what torch asks for before a capture
        stream.wait_stream(torch.cuda.current_stream())
        try:
            with torch.cuda.stream(stream):
                for _ in range(3):
                    trainer.play(self.indices, self.numbers, penalised)
            torch.cuda.current_stream().wait_stream(stream)
            self.graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(
                self.graph, stream=stream
            ):  # torch's own stream would stay with the first device
                self.metrics = trainer.play(self.indices, self.numbers, penalised)
        finally:
            for tensor, old in zip(
                state, before
            ):  # the warm-up trained on nothing in particular: undo it
                tensor.copy_(old)
        parameters = [*trainer.generator.parameters(), *trainer.discriminator.parameters()]
        self.gradients = [
            (parameter, parameter.grad) for parameter in parameters
        ]  # those that this graph fills

    def play(self, indices: torch.Tensor, numbers: dict[str, torch.Tensor]) -> torch.Tensor:
        """As Trainer.play, of the kind that was captured."""
        self.indices.copy_(indices)
        for name, values in numbers.items():
            self.numbers[name].copy_(values)
        self.graph.replay()
        for parameter, gradient in self.gradients:  # another graph has its own
            parameter.grad = gradient
        return self.metrics


def captured_steps(trainer, kinds: set[bool]) -> dict[bool, CapturedStep]:
    """A step of each kind, with penalties (True) or without; none, and a note in the trainer's, where it fails."""
    try:
        return {penalised: CapturedStep(trainer, penalised) for penalised in kinds}
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        why = str(error).splitlines()[0]
        trainer.notes.append(
            (0, f"no CUDA graph of the step, so it is launched piece by piece: {why}")
        )
        return {}
