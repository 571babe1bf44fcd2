"""Print the lines of a training run, and a progress bar below them if a person watches."""

import os
import sys

from cs231n import threads
from cs231n._shell import kernel


def wants_progress_bar() -> bool:
    """Return whether a person watches: in a terminal, or in a notebook's front end.

    A front end that runs cells for a person lets them ask for input; programs that execute notebooks unattended
    (nbconvert, nbclient, nbgrader, nbval, papermill) do not. The environment variable CS231N_PROGRESS, 0 or 1,
    overrides this.
    """
    chosen = os.environ.get("CS231N_PROGRESS", "")
    if chosen in ("0", "1"):
        return chosen == "1"
    ours = kernel()
    if ours is None:
        return sys.stderr is not None and sys.stderr.isatty()
    try:
        return bool(ours.get_parent("shell")["content"]["allow_stdin"])
    except (AttributeError, KeyError, TypeError):  # a kernel other than ipykernel may not draw a bar well
        return False


class Reporter:
    """Prints lines, with a progress bar over `iterations` below them if a person watches. Use as `with`."""

    def __init__(self, iterations: int, verbose: bool):
        self.iterations = iterations
        self.verbose = verbose
        self.bar = None

    def __enter__(self):
        if self.verbose and self.iterations and wants_progress_bar():
            self.bar = _bar_class()(total=self.iterations, leave=False, unit="it", dynamic_ncols=True)
        return self

    def __exit__(self, *exception):
        if self.bar is not None:
            self.bar.close()

    def line(self, text: str):
        """Print a line, if the run is verbose."""
        if self.bar is not None:
            self.bar.write(text)  # takes the bar away, prints, draws it again
        elif self.verbose:
            print(text)

    def advance(self, loss: float):
        """Advance the bar by one iteration, and show its loss."""
        if self.bar is not None:
            self.bar.set_postfix_str(f"loss {loss:.4f}", refresh=False)
            self.bar.update()


def _bar_class():
    try:
        if kernel() is None:  # to tqdm.auto, any process that has imported ipykernel is a notebook
            raise ImportError
        import ipywidgets  # noqa: F401  without it, tqdm.auto would warn in a notebook and then draw text
    except ImportError:
        from tqdm import tqdm
    else:
        from tqdm.auto import tqdm
    spare_monitor()
    return tqdm


def spare_monitor():
    """Turn tqdm's monitor off if threads cannot start: it is a thread that redraws bars which have not changed.

    tqdm itself would notice, but warn the student.
    """
    from tqdm import tqdm

    if not threads.can_start():
        tqdm.monitor_interval = 0
