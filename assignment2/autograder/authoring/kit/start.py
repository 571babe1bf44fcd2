"""Set up this folder, the first time, and open it in JupyterLab.

    python start.py                     (python3 on Linux and macOS, py on Windows)
    python start.py --from OLD_FOLDER   copy what you wrote in an earlier edition
    python start.py --only-set-up       open nothing

Everything is installed into the folder .venv next to this file. Delete that folder to remove everything.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
OLDEST = (3, 11)
SETTINGS = {  # of the JupyterLab in .venv only
    "@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"markdown": "Markdown Preview"}},
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false"},
}


def main() -> int:
    """Set up the folder if needed, and open it; returns the exit status."""
    options = arguments()
    if not is_set_up():
        print("Setting up, once. This takes a minute or two ...", flush=True)
        set_up()
    if options.earlier:
        run(PYTHON, "-m", "cs231n", "take-over", Path(options.earlier).resolve())
    if options.only_set_up:
        return 0
    print("Opening JupyterLab. To end it, press Ctrl-C here.", flush=True)
    command = [str(PYTHON), "-m", "jupyterlab", "--LabApp.default_url=/lab/tree/README.md"]
    environment = {
        "OPENBLAS_THREAD_TIMEOUT": "4",  # NumPy's idle threads give up their cores, for the fast layers to use
        **os.environ,
        "JUPYTERLAB_WORKSPACES_DIR": str(VENV / "workspaces"),  # the tabs of this folder only
    }
    try:
        return subprocess.call(command, cwd=str(HERE), env=environment)
    except KeyboardInterrupt:
        return 0


def arguments() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description="Set up this folder and open it in JupyterLab.")
    parser.add_argument("--from", dest="earlier", metavar="FOLDER", help="copy your work from an earlier edition")
    parser.add_argument("--only-set-up", action="store_true", help="open nothing")
    return parser.parse_args()


def content() -> str:
    """Return a hash of what has to be installed: if it changes, because of an update, everything is installed again."""
    files = [HERE / "requirements.txt", *sorted(HERE.glob("*.whl"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def is_set_up() -> bool:
    """Return whether everything is installed, as this folder needs it."""
    stamp = VENV / "set-up"
    return PYTHON.exists() and stamp.exists() and stamp.read_text() == content()


def set_up() -> None:
    """Make .venv again: with uv if it is installed, which brings its own Python, else with venv and pip."""
    if shutil.which("uv"):
        run("uv", "venv", "--quiet", "--clear", "--python", ">={}.{}".format(*OLDEST), VENV)
        run("uv", "pip", "install", "--quiet", "--python", PYTHON, "-r", "requirements.txt")
    else:
        if sys.version_info < OLDEST:
            have = sys.version.split()[0]
            sys.exit(
                "Python {}.{} or newer is needed, this is {}: install one from https://python.org".format(*OLDEST, have)
            )
        run(sys.executable, "-m", "venv", "--clear", VENV, advice="Debian, Ubuntu: sudo apt install python3-venv")
        run(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "requirements.txt")
    overrides = VENV / "share" / "jupyter" / "lab" / "settings" / "overrides.json"
    overrides.parent.mkdir(parents=True, exist_ok=True)
    overrides.write_text(json.dumps(SETTINGS))
    (VENV / "set-up").write_text(content())


def run(*command: object, advice: str = "Is there a network? Run start.py again to continue.") -> None:
    """Run a program in this folder; if it fails, say what to do and stop."""
    words = [str(word) for word in command]
    if subprocess.call(words, cwd=str(HERE)):
        sys.exit("\nThis failed: {}\n{}".format(" ".join(words), advice))


if __name__ == "__main__":
    sys.exit(main())
