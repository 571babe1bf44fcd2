"""Look up the points and comments of a notebook for its page."""

from typing import Any

from nbformat import NotebookNode
from nbgrader.api import Comment, Grade, Notebook
from nbgrader.preprocessors import GetGrades

from autograder.course.cells import is_check
from autograder.integration.gradebook import rows_of

WAITING = "waiting"  # field of a cell's metadata: nobody has graded this answer yet; nbgrader gives it 0 points


class GetMarks(GetGrades):
    """nbgrader's step, with one query for all cells of a notebook; nbgrader looks up each cell separately."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        self.known: dict[type[Any], dict[str, Any]] = {}
        done: tuple[NotebookNode, dict[str, Any]] = super().preprocess(nb, resources)
        return done

    def _row(self, kind: type[Any], cell: NotebookNode) -> Any:
        if kind not in self.known:
            assignment = self.gradebook.find_assignment(self.assignment_id).id
            query = rows_of(kind, kind, assignment=assignment, students=[self.student_id])
            rows = self.gradebook.db.execute(query.where(Notebook.name == self.notebook_id))
            self.known[kind] = {name: row for _, _, name, row in rows}
        return self.known[kind][cell.metadata.nbgrader.grade_id]

    def _get_comment(self, cell: NotebookNode, resources: dict[str, Any]) -> None:
        cell.metadata.nbgrader["comment"] = self._row(Comment, cell).comment

    def _get_score(self, cell: NotebookNode, resources: dict[str, Any]) -> None:
        grade = self._row(Grade, cell)
        cell.metadata.nbgrader["score"] = grade.score
        cell.metadata.nbgrader["points"] = grade.max_score
        cell.metadata.nbgrader[WAITING] = bool(grade.needs_manual_grade) and not is_check(cell)
