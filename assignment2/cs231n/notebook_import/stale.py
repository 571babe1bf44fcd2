"""Return whether a notebook has changed on disk since it was imported."""

from pathlib import Path

from cs231n.notebook_import.definitions import Definitions, read_definitions


class Snapshot:
    """The definitions of a notebook when it was read, to compare with those on disk later."""

    def __init__(self, path: Path):
        self.path = path
        self.definitions = Definitions()
        self._stamp: tuple[int, int] | None = None  # of the file when it was read
        self._compared: tuple[tuple[int, int] | None, bool] = None, False  # its stamp when last compared; the answer

    def take(self) -> Definitions:
        """Read the definitions; raises ImportError if the file is not a notebook."""
        self._stamp = _stamp(self.path)
        self.definitions = read_definitions(self.path)
        return self.definitions

    def is_stale(self) -> bool:
        """Return whether the definitions on disk are no longer those that were read."""
        now = _stamp(self.path)
        if now is None or now == self._stamp:
            return False
        if now != self._compared[0]:
            try:
                self._compared = now, read_definitions(self.path) != self.definitions
            except (ImportError, OSError):  # half written, or gone
                return False
        return self._compared[1]


def _stamp(path: Path) -> tuple[int, int] | None:
    """Return the time and size of a file, None if there is none: equal stamps mean the same content."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
