"""A student's kernel, driven through jupyter_client as a browser would.

A slider's event is a message to the kernel, and it is over when the message with the new picture has come back. As in a
browser, the next event is sent only when the picture of the last one is there (ipywidgets holds events back until the
kernel is done with the one before).
"""

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import cycle

from animegan_helpers.course.memory import descendants, proportional_mib
from animegan_helpers.workbook import NOTEBOOKS

WAIT = 300  # seconds until a kernel that does not answer counts as dead

SLIDER = """
from animegan_helpers.gan.checkpoint import PRETRAINED, load_weights
from animegan_helpers.latent.directions import random_directions
from animegan_helpers.latent.explorer import Explorer
from animegan_helpers.latent.reader import network_reader

weights = load_weights(PRETRAINED / "drawn.safetensors")
directions = {f"direction {k}": d for k, d in enumerate(random_directions(6, weights.generator.z_dim))}
explorer = Explorer(weights.generator, directions, reader=network_reader(PRETRAINED / "drawn-attributes.safetensors"),
                    discriminator=weights.discriminator)
print(explorer.controls["direction 0"].model_id)
"""


class Student:
    """A kernel, as one notebook of one student has it."""

    def __init__(self, environment: dict[str, str]):
        from jupyter_client.manager import start_new_kernel

        self.manager, self.client = start_new_kernel(
            kernel_name="python3", cwd=str(NOTEBOOKS), env=os.environ | environment, startup_timeout=WAIT,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def run(self, code: str) -> str:
        """What the code prints. Raises RuntimeError with the kernel's message when it fails."""
        printed = []

        def hear(message: dict) -> None:
            if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
                printed.append(message["content"]["text"])

        content = self.client.execute_interactive(code, timeout=WAIT, output_hook=hear)["content"]
        if content["status"] != "ok":
            raise RuntimeError(f"a kernel stopped: {content['ename']}: {content['evalue']}")
        return "".join(printed).strip()

    def show_slider(self) -> None:
        """Makes the explorer of notebook 06 with everything on, from the weights that ship."""
        self.control = self.run(SLIDER)
        self.values = cycle(0.05 * k for k in range(1, 61))  # two in a row differ: an equal one would be no event

    def slide(self, seconds: float) -> list[float]:
        """Drags the slider for so long; the milliseconds from each event to its picture."""
        delays, stop = [], time.monotonic() + seconds
        while time.monotonic() < stop:
            data = {"method": "update", "state": {"value": next(self.values)}, "buffer_paths": []}
            start = time.perf_counter()
            message = self.client.session.msg("comm_msg", {"comm_id": self.control, "data": data})
            self.client.shell_channel.send(message)
            while not is_picture(self.client.get_iopub_msg(timeout=WAIT)):
                pass
            delays.append(1000 * (time.perf_counter() - start))
        return delays

    def memory_mib(self) -> float:
        pid = self.manager.provisioner.pid
        return proportional_mib([pid, *descendants(pid)])

    def leave(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def is_picture(message: dict) -> bool:
    """Whether a kernel's message gives a widget new bytes, as only one with a picture has them."""
    return message["msg_type"] == "comm_msg" and ["value"] in message["content"]["data"].get("buffer_paths", [])


@contextmanager
def students(count: int, environment: dict[str, str]) -> Iterator[list[Student]]:
    with ExitStack() as stack:
        present = []
        for _ in range(count):
            present.append(Student(environment))
            stack.callback(present[-1].leave)
        yield present


def all_at_once(tasks: list[Callable]) -> list:
    """Calls every task in a thread of its own, all from the same moment; their answers in order, or the first error."""
    from jupyter_core.utils import ensure_event_loop

    barrier = threading.Barrier(len(tasks))

    def work(task: Callable):
        barrier.wait()
        try:
            return task()
        finally:
            ensure_event_loop().close()  # jupyter_client opens one in each thread, and leaves it open

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(work, tasks))
