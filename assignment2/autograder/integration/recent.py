"""Caches for what pages have in common, in each process: given cells are the same for all students."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from nbconvert.filters import Highlight2HTML

ENTRIES = 500  # a submission has about a hundred cells of the student's own
MAX_CHARACTERS = 20_000  # of a result that is kept


class Recent:
    """A cache of the most recent results, texts by their keys."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, str] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], str]) -> str:
        """Return the result for a key; calls `make` if it is not in the cache."""
        found = self._kept.pop(key, None)
        if found is None:
            found = make()
        if len(found) <= MAX_CHARACTERS:
            self._kept[key] = found
        if len(self._kept) > ENTRIES:
            self._kept.popitem(last=False)
        return found


class Templates(BytecodeCache):
    """A cache of Jinja's compiled templates, by the hash of their sources: nbconvert compiles them for each page."""

    def __init__(self) -> None:
        self._compiled: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if code := self._compiled.get((bucket.key, bucket.checksum)):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


highlighted, rendered, templates = Recent(), Recent(), Templates()


class RecentHighlight(Highlight2HTML):
    """Highlights code, and caches the result."""

    def __call__(self, source: str, language: str | None = None, metadata: Any = None) -> str:
        magic = (metadata or {}).get("magics_language")
        key = (source, language or self.pygments_lexer, magic, repr(sorted(self.extra_formatter_options.items())))
        make: Callable[..., str] = super().__call__
        return highlighted.get(key, lambda: make(source, language, metadata))
