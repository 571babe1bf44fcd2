"""Limit the time of work on a submission in this process."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class TookTooLong(BaseException):
    """A time limit was exceeded. Not an Exception, because libraries catch those and continue."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TookTooLong inside the block when this process has used `seconds` of processor time in it.

    Processor time does not depend on what else the machine does. There is no limit outside the main thread, and on
    systems without such a timer (Windows). Code that does not return to Python is not interrupted. A limit around this
    one also holds inside the block, and continues after it.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: Any) -> None:
        raise TookTooLong

    before, started = signal.signal(signal.SIGPROF, stop), time.process_time()
    left, again = signal.getitimer(signal.ITIMER_PROF)  # of the limit around this one, 0 if there is none
    # it is raised again and again, in case somebody catches everything
    signal.setitimer(signal.ITIMER_PROF, min(seconds, left or seconds), seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        if left:
            used = time.process_time() - started
            signal.setitimer(signal.ITIMER_PROF, max(left - used, 0.001), again)
