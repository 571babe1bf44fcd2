"""Write zip files that have the same bytes whenever and wherever they are written from the same content."""

import io
import zipfile
from collections.abc import Mapping

DATE = (2020, 1, 1, 0, 0, 0)  # of every file: an archive tells no time
READABLE, RUNNABLE = 0o644 << 16, 0o755 << 16  # zip keeps the mode in the upper half


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return a zip file. files: content by path with "/", in the order of the archive"""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, DATE)
            entry.create_system = 3  # Unix, wherever it is written
            entry.external_attr = RUNNABLE if content.startswith(b"#!") else READABLE
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return buffer.getvalue()
