"""Many events, one answer: what keeps a slider from lagging behind the hand."""

import asyncio
from collections.abc import Callable


class Coalesced:
    """Calls `action` once for a burst of calls, after the last of them; it then finds the newest state.

    A kernel takes messages one after the other. Were each answered with a picture, they would queue while the hand
    moves on. So a call only sets a timer: `pause` seconds later, if no other call came in between, and at the latest
    `patience` seconds after the first, so that a long burst shows pictures on its way.
    Where no event loop runs (a script, a test) there is nothing to wait for, and each call acts at once.
    """

    def __init__(self, action: Callable[[], None], pause: float = 0.004, patience: float = 0.04):
        self.action, self.pause, self.patience = action, pause, patience
        self.timer: asyncio.TimerHandle | None = None
        self.first = 0.0

    def __call__(self, *_) -> None:
        """One event; its arguments, an observer's change say, are not needed."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.now()
            return
        if self.timer is None:
            self.first = loop.time()
        else:
            self.timer.cancel()
        self.timer = loop.call_at(
            min(loop.time() + self.pause, self.first + self.patience), self.now
        )

    def now(self) -> None:
        """Acts at once, for all events so far."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        self.action()
