"""From a kernel's messages to the outputs of a cell. Student code may have written the messages: nothing is trusted."""

import json
from typing import Any

from nbformat import NotebookNode, from_dict


def add_output(outputs: list[NotebookNode], message: dict[str, Any]) -> None:
    """Add what a message shows to the outputs of a cell, text to the text before it.

    What does not have the form that the notebook format asks for is left out: it would spoil the whole notebook.
    (nbformat's own `output_from_msg` validates with a JSON schema, which takes longer than the checks themselves.)
    Raises KeyError, TypeError or AttributeError for a message that no kernel sends.
    """
    kind, content = message["header"]["msg_type"], message["content"]
    if kind == "stream" and all(isinstance(content[field], str) for field in ("name", "text")):
        last = outputs[-1] if outputs else {}
        if last.get("name") == content["name"]:
            last["text"] += content["text"]
        elif content["name"] in ("stdout", "stderr"):
            outputs.append(NotebookNode(output_type=kind, name=content["name"], text=content["text"]))
    elif kind in ("display_data", "execute_result") and is_bundle(content["data"]):
        output = NotebookNode(output_type=kind, data=from_dict(content["data"]), metadata=NotebookNode())
        if kind == "execute_result":
            output["execution_count"] = None
        outputs.append(output)
    elif kind == "error":
        trace = [str(line) for line in content["traceback"]]
        name, value = str(content["ename"]), str(content["evalue"])
        outputs.append(NotebookNode(output_type=kind, ename=name, evalue=value, traceback=trace))


def is_bundle(data: object) -> bool:
    """Tell whether this is a MIME bundle: texts, or JSON under the types that end in +json."""
    return isinstance(data, dict) and all(
        isinstance(mime, str) and (mime.endswith("json") or isinstance(value, str)) for mime, value in data.items()
    )


def size_of(message: dict[str, Any]) -> int:
    """Return roughly how many bytes a message has: its strings, whatever holds them."""
    return len(json.dumps(message["content"], default=str))
