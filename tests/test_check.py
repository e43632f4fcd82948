"""`check` says "ready" where all is well, and names each fault that is put in."""

import pytest
import torch

from animegan_helpers import runs
from animegan_helpers.__main__ import main
from animegan_helpers.training import Trainer
from animegan_workshop import check

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_a_whole_machine_passes():
    assert check.arithmetic("fp32", CPU).mend == ""
    assert check.arithmetic("bf16", CPU).mend == ""
    resumed = check.resuming(CPU)
    assert resumed.mend == "" and "exactly" in resumed.found


def test_a_kernel_whose_weight_gradient_is_off_by_a_thousandth(monkeypatch):
    whole = check.one_step

    def broken(precision, device, double=False):
        found = whole(precision, device, double)
        if not double:
            found["gradient of D.blocks.2.0.weight"] *= 1.001
        return found

    monkeypatch.setattr(check, "one_step", broken)
    mend = check.arithmetic("fp32", CPU).mend
    assert "gradient of D.blocks.2.0.weight is wrong by 1e-03" in mend and "driver" in mend


def to_tf32(tensor: torch.Tensor) -> torch.Tensor:
    """Rounded to the 10 bits of mantissa that TF32 keeps."""
    bits = tensor.detach().contiguous().view(torch.int32)
    return ((bits + (1 << 12)) & ~((1 << 13) - 1)).view(torch.float32)


def test_tf32_where_fp32_was_asked_for(monkeypatch):
    whole = check.train_step

    def rounding(trainer, real, z):
        if real.dtype == torch.float32:
            real, z = to_tf32(real), to_tf32(z)
            for network in (trainer.generator, trainer.discriminator):
                for parameter in network.parameters():
                    parameter.data.copy_(to_tf32(parameter))
        return whole(trainer, real, z)

    monkeypatch.setattr(check, "train_step", rounding)
    found = check.arithmetic("fp32", CPU)
    assert "is rounding" in found.mend and "float32 beside float64" in found.found


def test_an_optimiser_that_was_not_restored(monkeypatch):
    monkeypatch.setattr(runs, "restore_optimiser", lambda optimiser, tensors: None)
    assert "optimiser's state was not restored" in check.resuming(CPU).mend


def test_a_run_that_resumes_with_other_random_numbers(monkeypatch):
    whole = runs.resume

    def resume(trainer):
        whole(trainer)
        trainer.random.manual_seed(5)

    monkeypatch.setattr(runs, "resume", resume)
    assert "goes another way" in check.resuming(CPU).mend


def test_a_device_with_too_little_memory(monkeypatch):
    def full(trainer):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(Trainer, "advance", full)
    for found in check.how_long(check.BUDGETS["smoke"], CPU):
        assert found.found == "too little memory on this device" and "--device cpu" in found.mend


def test_the_time_that_a_run_takes_is_told(monkeypatch):
    monkeypatch.setattr(check, "speed", lambda *_: (100.0, "so fast"))
    found = [one.found for one in check.how_long(check.BUDGETS["laptop"], CPU)]
    assert found == ["about 4 minutes: so fast", "about 7 hours: so fast"]


@pytest.mark.slow
def test_the_command_ends_in_ready_or_in_what_to_do(monkeypatch, capsys):
    monkeypatch.setattr(check, "check_environment", lambda: [])
    assert main(["check", "--device", "cpu"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "ready" and "images a second" in lines[-2]
    fault = check.Check("memory", "1 GB free", "close other programs")
    monkeypatch.setattr(check, "check_machine", lambda device, budget: [fault])
    assert main(["check"]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "not ready: close other programs"
