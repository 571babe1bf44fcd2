"""Tell a student about an exception: what it is, where it was raised, and what it means if it is a common one."""

import re
import traceback

# exceptions that were raised by a check, which called a solution or used its result, and by no line of the solution
NO_VALUE = "something that the check needs is None: is a `return` missing?"
SLIPS = {
    r"TypeError: cannot unpack non-iterable NoneType object": "it returns None: is its `return` missing?",
    r"TypeError: 'NoneType' object is not .*": NO_VALUE,
    r"AttributeError: 'NoneType' object has no attribute .*": NO_VALUE,
    r"ValueError: too many values to unpack \(expected (\d+).*\)": r"it returns more than \1 values",
    r"ValueError: not enough values to unpack \(expected (\d+), got (\d+)\)": r"it returns \2 of \1 values",
    r"TypeError: (\w+)\(\) takes (.*) positional arguments? but (.*) (?:was|were) given": (
        r"`\1` takes \2 arguments, the check passes \3: compare its arguments with the text"
    ),
    r"TypeError: (\w+)\(\) missing .*": r"`\1` requires more arguments than the check passes",
    r"TypeError: (\w+)\(\) got an unexpected keyword argument '(\w+)'": r"`\1` does not take `\2`, see the text",
    r"NameError: name '(\w+)' is not defined": (
        r"`\1` is not defined: run the cell that defines it. Does it still have this name there?"
    ),
}


def one_line(error):
    """Return "ValueError: operands could not …" for an exception, on one line of at most 300 characters."""
    if isinstance(error, NotImplementedError):
        return "not implemented yet"
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:300] if text else type(error).__name__


def in_words(text):
    """Return what an exception means that no line of a solution raised, "" if that is not known.

    text: from `one_line`; a check raised it when it called a solution or used what that returned
    """
    for pattern, words in SLIPS.items():
        if found := re.fullmatch(pattern, text):
            return found.expand(words)
    return ""


def where(error, check_file):
    """Return where in a notebook an exception was raised: " (in affine_forward, line 12: …)".

    A function that was imported is named with its notebook: "fill in the TODO block of relu_forward in
    FullyConnectedNets.ipynb". check_file: the file name of the check cell's code, which is not the student's
    """
    places = places_of(error, check_file)
    if not places:
        return ""
    code, line = places[-1]
    notebook, imported, _ = code.co_filename.partition(".ipynb")
    function = code.co_qualname + (f" in {notebook}.ipynb" if imported else "")
    if isinstance(error, NotImplementedError):
        return f": fill in the TODO block of {function}, and delete its line `raise NotImplementedError`"
    return f" (in {function}, line {line.lineno}: {line.line})" if code.co_name != "<module>" else ""


def line_of(error, check_file):
    """Return the number, in its cell, and the text of the line that raised an exception; 0 and "" if there is none."""
    places = places_of(error, check_file)
    return (places[-1][1].lineno or 0, places[-1][1].line or "") if places else (0, "")


def places_of(error, check_file):
    """Return (code object, line of the traceback) for each frame in a student's code; the last one raised the error."""
    codes = [frame.f_code for frame, _ in traceback.walk_tb(error.__traceback__)]
    found = zip(codes, traceback.extract_tb(error.__traceback__), strict=False)
    return [(code, line) for code, line in found if is_notebook(code.co_filename) and code.co_filename != check_file]


def is_notebook(filename):
    """Return whether code of this file name was typed into a notebook: IPython's cells or an imported notebook."""
    return "ipykernel_" in filename or filename.startswith("<ipython-input") or ".ipynb" in filename
