"""Let a student's "Restart Kernel and Run All Cells" run to the end."""

from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

GO_ON = "raises-exception"  # Jupyter's own tag: front ends, nbclient and nbval continue after an error in such a cell


class GoOnAfterErrors(NbGraderPreprocessor):
    """Tag every code cell of a release so that an error in it does not keep the cells below from running.

    A failed check and an empty step raise an exception, and a front end would stop at the first one.
    """

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.metadata["tags"] = [*cell.metadata.get("tags", []), GO_ON]
        return nb, resources
