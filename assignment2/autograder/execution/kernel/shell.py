"""IPython's shell on a channel: what cells show is sent as frames, and `input` raises an error."""

import builtins
import getpass
import json
import sys
from base64 import b64encode
from typing import Any, NoReturn

from IPython.core import page
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from autograder.core import upstream
from autograder.execution.kernel.channel import Channel, Stream
from autograder.execution.kernel.frames import Kind, is_bundle


class Publisher(DisplayPublisher):
    """Sends what is displayed; calls that update or clear an earlier display do nothing."""

    def publish(self, data: Any, metadata: Any = None, *, update: bool = False, **more: Any) -> None:  # type: ignore[override]
        if not update:
            self._validate_data(data, metadata)  # type: ignore[no-untyped-call]
            self.shell.channel.send(Kind.DATA, bundle_to_json(data))

    def clear_output(self, wait: bool = False) -> None:
        pass


class Hook(DisplayHook):
    """Sends the value of a cell's last expression."""

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        shell: Any = self.shell
        shell.channel.send(Kind.RESULT, bundle_to_json(format_dict))

    def finish_displayhook(self) -> None:
        self._is_active = False


class PipeShell(InteractiveShell):
    """The shell of a kernel; it is made before it has a channel, so that it can be made once and then forked."""

    displayhook_class = Type(Hook)
    display_pub_class = Type(Publisher)
    channel: Channel

    @classmethod
    def make(cls) -> "PipeShell":
        """Return the shell of this process, with its history in memory and without a profile."""
        upstream.apply(upstream.transform_only_what_is_not_python)
        options = Config()
        options.HistoryManager.enabled = False
        options.HistoryManager.hist_file = ":memory:"
        shell: PipeShell = cls.instance(config=options)
        shell.set_hook("show_in_pager", page.as_hook(lambda *_, **__: None), 99)  # type: ignore[no-untyped-call]
        return shell

    def init_profile_dir(self, profile_dir: Any) -> None:
        self.profile_dir = None

    def connect(self, channel: Channel) -> None:
        """Show everything on a channel from now on, and let `input` and `getpass` raise an error."""
        self.channel = channel
        sys.stdout, sys.stderr = Stream(channel, Kind.STDOUT), Stream(channel, Kind.STDERR)
        builtins.input = getpass.getpass = refuse_input  # type: ignore[assignment]

    def should_run_async(self, raw_cell: str, *, transformed_cell: Any = None, **more: Any) -> bool:
        """Tell whether a cell awaits something. IPython compiles every cell to find out; here only one that may."""
        may = transformed_cell is None or "await" in transformed_cell or "async" in transformed_cell
        return may and super().should_run_async(raw_cell, transformed_cell=transformed_cell, **more)

    def enable_gui(self, gui: Any = None) -> None:
        pass

    def ask_exit(self) -> None:
        """End the cell, and not the kernel: `exit()` and `quit()` call this."""
        raise SystemExit

    def system_raw(self, cmd: str) -> None:
        self.channel.flush()
        super().system_raw(cmd)  # type: ignore[no-untyped-call]
        self.channel.flush()

    system = system_raw  # `!command` as a plain child process: IPython's other way needs a terminal

    def _showtraceback(self, etype: type, evalue: object, stb: list[str]) -> None:
        error = {"ename": etype.__name__, "evalue": str(evalue), "traceback": stb}
        self.channel.send(Kind.ERROR, to_json(error))


def refuse_input(prompt: str = "", *_: object, **__: object) -> NoReturn:
    """Raise StdinNotImplementedError: a kernel of the grader has no user."""
    raise StdinNotImplementedError("input() was called, but nobody can answer")


def bundle_to_json(data: Any) -> bytes:
    """Return a MIME bundle as the body of a frame, pictures in base64; raises TypeError for anything else."""
    if isinstance(data, dict):
        data = {mime: b64encode(part).decode() if isinstance(part, bytes) else part for mime, part in data.items()}
    if not is_bundle(data):
        raise TypeError("only texts, pictures and JSON can be displayed, under the names of their MIME types")
    return to_json({"data": data})


def to_json(content: dict[str, Any]) -> bytes:
    """Return JSON in UTF-8; half of a surrogate pair becomes a question mark."""
    return json.dumps(content, ensure_ascii=False).encode(errors="replace")
