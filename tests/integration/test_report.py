"""The report on a class: what it counts, what it flags, what it writes, and that nothing in it can be injected."""

import csv
import datetime
import math
from dataclasses import replace
from html.parser import HTMLParser
from types import SimpleNamespace
from xml.etree import ElementTree

import nbformat
import pytest
from autograder.authoring.fingerprints import record_fingerprints
from autograder.cli import main
from autograder.core.annotations import note_repairs, note_status, note_verdicts, verdicts_of
from autograder.core.results import Repair, RepairKind, Status, Verdict
from autograder.core.tables import guarded
from autograder.course.cells import grade_id
from autograder.course.key import load_key
from autograder.course.solutions import answered, set_source
from autograder.demo import samples
from autograder.execution.kernel import sandbox
from autograder.grading.run import Options, grade
from autograder.judging import networks
from autograder.report import items as item_analysis
from autograder.report import plots as report_plots
from autograder.report.data import Cell, read_course
from autograder.report.items import checks_of, discrimination, for_a_human, mistakes_of, same_code, unexplained
from autograder.report.page import report
from bs4 import BeautifulSoup
from helpers import toy
from helpers.courses import the
from nbgrader.api import Gradebook

DOUBLE, SQUARE, WHY = Cell("Toy", "test_double", 4.0), Cell("Toy", "test_square", 2.0), Cell("Toy", "why", 2.0)
pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")  # of nbgrader's, while it adds rows
SECTIONS = ["Scores", "Misconceptions", "Checks of Toy", "Correlation of all checks"]
NASTY = "<script>alert(1)</script>"


@pytest.fixture
def course(toy_course):
    """A released toy course of its own, nothing graded in it."""
    return toy_course


def graded(course, student, double, square="p", why=None, late=0, penalty=None, change=None, **about):
    """Write one graded submission, as `autograder grade` would.

    double: a letter for each of two visible and two hidden checks, p passed, f failed, e error; why: manual points
    change: a function of the autograded notebook; about: names and addresses for the gradebook
    """
    names = ("vector/out", "vector/x unchanged", "matrix/out", "matrix/again")
    statuses = {"p": Status.PASSED, "f": Status.FAILED, "e": Status.ERROR, "s": Status.EMPTY, "t": Status.TIMED_OUT}
    kinds = ("equal", "unchanged", "equal", "equal")
    verdicts = {
        "test_double": [
            Verdict(name, statuses[letter], hidden=number > 1, kind=kind)
            for number, (name, kind, letter) in enumerate(zip(names, kinds, double, strict=True))
        ],
        "test_square": [Verdict("out", statuses[square], kind="equal")],
    }
    notebook = toy.notebook()
    note_repairs(notebook, [])
    for cell in notebook.cells:
        if grade_id(cell) in verdicts:
            note_status(cell, Status.DONE)
            note_verdicts(cell, verdicts[grade_id(cell)])
    if change:
        change(notebook)
    folder = course / "autograded" / student / "assignment2"
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / "Toy.ipynb")
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "cs231n") as gradebook:
        due = datetime.datetime(2026, 1, 31)
        gradebook.update_or_create_assignment("assignment2", duedate=due)
        gradebook.update_or_create_student(student, **about)
        gradebook.update_or_create_submission("assignment2", student, timestamp=due + datetime.timedelta(seconds=late))
        points = {"test_double": double.count("p"), "test_square": 2 * (square == "p")}
        for name, auto in points.items():
            found = gradebook.find_grade(name, "Toy", "assignment2", student)
            found.auto_score, found.needs_manual_grade = auto, False
        answer = gradebook.find_grade("why", "Toy", "assignment2", student)
        answer.manual_score, answer.needs_manual_grade = why, why is None
        gradebook.find_submission_notebook("Toy", "assignment2", student).late_submission_penalty = penalty
        gradebook.db.commit()


def cell_of(notebook, name):
    return next(cell for cell in notebook.cells if grade_id(cell) == name)


def rows(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def checks(course):
    return {(check.cell.name, check.name): check for check in checks_of(read_course(the(course)))}


# -- from the course folder


def test_from_grading_to_the_report(course, capsys):
    """Does the report read what grading writes: verdicts, points, the mistake's name, what is missing?"""
    record_fingerprints(the(course), [])
    key = load_key(the(course), "Toy")
    notebook = answered(samples.released(the(course), key), key)
    set_source(notebook, "double", "def double(x):\n    return 2 + x")
    nbformat.write(notebook, samples.submission(the(course), "wrong", samples.ON_TIME) / "Toy.ipynb")
    samples.submission(the(course), "empty", samples.ON_TIME)
    expected = {
        row.student: row.total for row in grade(the(course), Options(no_sandbox=bool(sandbox.unavailable()))).rows
    }
    assert main(["report", "--course", str(course)]) == 0
    assert "report.html" in capsys.readouterr().out
    found = read_course(the(course))
    assert {s.student: s.total for s in found.submissions} == {"wrong": pytest.approx(expected["wrong"])}
    assert [(m.cell.name, m.name, m.students) for m in mistakes_of(found)] == [("test_double", "added_two", ["wrong"])]
    assert [student for student, _ in for_a_human(found)] == ["empty"]
    page = (course / "report" / "assignment2" / "report.html").read_text(encoding="utf-8")
    assert "added_two" in page
    assert "You added two: multiply." in page


def test_nothing_graded(course, capsys):
    """Does an ungraded course say what to do first, and one without a gradebook too, without making one?"""
    assert main(["report", "--course", str(course)]) == 1
    assert "run `autograder grade` first" in capsys.readouterr().err
    (course / "gradebook.db").unlink()
    assert main(["report", "--course", str(course)]) == 1
    assert "run `autograder release` first" in capsys.readouterr().err
    assert not (course / "gradebook.db").exists()


def test_points_by_hand_and_penalties_count(course):
    """Are manual points and late penalties in the totals, and answers that wait for a grade counted?"""
    graded(course, "ann", "pppp", why=1.5)
    graded(course, "bob", "ppff", late=7200, penalty=1.0)
    graded(course, "eve", "ffff", "f", penalty=5.0, late=7200)
    ann, bob, eve = read_course(the(course)).submissions
    assert (ann.total, ann.waiting) == (7.5, 0)
    assert (bob.raw, bob.total, bob.waiting, bob.late_seconds) == (4.0, 3.0, 1, 7200)
    assert eve.total == 0
    report(the(course))
    header, *lines = rows(course / "report" / "assignment2" / "students.csv")
    assert [dict(zip(header, line, strict=True))["total"] for line in lines] == ["7.5", "3.0", "0.0"]
    assert dict(zip(header, lines[1], strict=True))["Toy/test_double"] == "2.0"
    assert "2 written answers wait" in (course / "report" / "assignment2" / "report.html").read_text(encoding="utf-8")


def test_one_broken_notebook_does_not_stop_the_report(course):
    """Is an unreadable autograded notebook listed for a human, and everybody else counted?"""
    graded(course, "ann", "pppp")
    graded(course, "bob", "pppp")
    (course / "autograded" / "bob" / "assignment2" / "Toy.ipynb").write_text('{"cells": [', encoding="utf-8")
    report(the(course))
    assert for_a_human(read_course(the(course)))[0][0] == "bob"
    assert checks(course)["test_double", "matrix/out"].submissions == 1


def test_only_broken_notebooks(course):
    """Is a report written when no autograded notebook can be read?"""
    unreadable = [Repair(RepairKind.NOT_GRADABLE, "", "x")]
    graded(course, "ann", "pppp", change=lambda notebook: note_repairs(notebook, unreadable))
    assert report(the(course)).exists()
    assert len(rows(course / "report" / "assignment2" / "checks.csv")) == 1
    assert for_a_human(read_course(the(course)))[0][1][0] == ("not gradable", "Toy", "x")


def test_cells_in_the_order_of_the_notebook(course):
    """Do cells come in the order in which a reader meets them?"""
    graded(course, "ann", "pppp")
    assert read_course(the(course)).cells == [DOUBLE, SQUARE, WHY]


# -- what is counted and flagged


def test_checks_are_counted_by_status(course):
    """Does each check have its numbers, exceptions from empty TODO blocks apart from others?"""
    graded(course, "ann", "pppp")
    graded(course, "bob", "fppp", "e")
    graded(course, "eve", "tppp", "s")
    report(the(course))
    header, *lines = rows(course / "report" / "assignment2" / "checks.csv")
    found = {line[2]: dict(zip(header, line, strict=True)) for line in lines}
    assert [found["vector/out"][s] for s in ("passed", "failed", "timed out", "hidden")] == ["1", "1", "1", "False"]
    assert [found["out"][s] for s in ("passed", "error", "still empty")] == ["1", "1", "1"]
    assert found["matrix/again"]["hidden"] == "True"
    assert float(found["matrix/again"]["points"]) == 1.0
    assert found["vector/out"]["share passed"] == "0.3333"


def test_discrimination_is_the_point_biserial_correlation():
    """Does it equal the textbook's formula, (M1 - M0) / s · √(pq)?"""
    passed, rest = [True, True, False, True, False], [9.0, 7.0, 4.0, 5.0, 6.0]
    mean_1, mean_0, mean = 21 / 3, 10 / 2, 31 / 5
    deviation = math.sqrt(sum((x - mean) ** 2 for x in rest) / 5)
    assert discrimination(passed, rest) == pytest.approx((mean_1 - mean_0) / deviation * math.sqrt(0.6 * 0.4))
    assert discrimination([True, True], [1.0, 2.0]) is None
    assert discrimination([True, False], [1.0, 1.0]) is None


def test_a_check_is_not_correlated_with_its_own_cell(course):
    """Is a check whose cell decides the total, and nothing else does, without discrimination?"""
    for student, double in (("ann", "pppp"), ("bob", "ffff"), ("eve", "pppp")):
        graded(course, student, double)
    assert checks(course)["test_double", "vector/out"].discrimination is None


@pytest.mark.parametrize(("students", "flagged"), [(12, True), (9, False)])
def test_flags(course, students, flagged):
    """Is a check that the strong fail and the weak pass flagged, one that all pass too, and none in a small class?"""
    for number in range(students):
        strong = number < students / 2
        graded(course, f"s{number}", "fppp" if strong else "pppp", "p" if strong else "f", why=2 if strong else 0)
    found = checks(course)
    assert found["test_double", "vector/out"].discrimination == pytest.approx(-1)
    flags = {name: check.flags for name, check in found.items()}
    assert flags["test_double", "vector/out"] == ([item_analysis.UPSIDE_DOWN] if flagged else [])
    assert flags["test_double", "matrix/out"] == ([item_analysis.NEARLY_ALL_PASS] if flagged else [])
    assert flags["test_square", "out"] == []
    page = report(the(course)).read_text(encoding="utf-8")
    assert ("no check is flagged" in page) is not flagged
    assert ("Correlation below 0.3" in page) is flagged


@pytest.mark.parametrize(
    ("correlation", "passed", "submissions", "expected"),
    [
        (0.0, 14, 28, (-0.373, 0.373)),
        (0.5, 50, 103, (0.340, 0.632)),
        (-1.0, 6, 12, (-1.0, -0.9963)),
        (0.2, 4, 100, None),
    ],
)
def test_interval(correlation, passed, submissions, expected):
    """Is the interval of a correlation that of Fisher's tables, and none where fewer than five pass or fail?"""
    found = item_analysis.interval(correlation, passed, submissions)
    assert found == (None if expected is None else pytest.approx(expected, abs=5e-3))


def test_a_check_is_not_flagged_for_few(course):
    """Is a check not flagged where four students fail it, however strong they are, though five would be enough?"""
    for number in range(24):
        strong = number < 4
        graded(course, f"s{number}", "fppp" if strong else "pppp", "p" if strong else "f", why=2 if strong else 0)
    assert checks(course)["test_double", "vector/out"].flags == []


def test_first_words():
    """Is a misconception called by the first sentence of its hint, or as much of it as fits?"""
    assert report_plots.first_words("You added two: multiply. Then stop.") == "You added two:"
    long = report_plots.first_words("word " * 40)
    assert len(long) <= report_plots.WORDS
    assert long.endswith("…")
    assert report_plots.first_words("") == "(no hint)"


def hinted(name, hint):
    def change(notebook):
        cell = cell_of(notebook, "test_double")
        found = verdicts_of(cell)
        note_verdicts(cell, [v if v.passed else replace(v, mistake=name, hint=hint) for v in found])

    return change


def test_mistakes_count_students(course):
    """Does a student count once for a mistake seen by many checks, and is what has no hint told?"""
    graded(course, "ann", "ffff", change=hinted("added_two", "Multiply."))
    graded(course, "bob", "fppp", change=hinted("added_two", "Multiply."))
    graded(course, "eve", "fpff", change=hinted("in_place", "You changed x itself."))
    graded(course, "joe", "fppp")
    found = read_course(the(course))
    assert [(m.name, m.hint, len(m.students)) for m in mistakes_of(found)] == [
        ("added_two", "Multiply.", 2),
        ("in_place", "You changed x itself.", 1),
    ]
    assert unexplained(found, DOUBLE) == ["joe"]


def test_who_needs_a_human(course):
    """Are repairs, changed checks, time-outs, missing and ungraded submissions listed, the gravest first?"""

    def changed(notebook):
        moved = Repair(RepairKind.REORDERED, "", "cells were in another order")
        weakened = Repair(RepairKind.CHECK_CHANGED, "test_double", "was changed")
        note_repairs(notebook, [moved, weakened])
        note_status(cell_of(notebook, "test_square"), Status.KILLED)

    graded(course, "ann", "pppp")
    graded(course, "bob", "pppp", change=changed)
    graded(course, "eve", "pppp")
    (course / "autograded" / "eve" / "assignment2" / "Toy.ipynb").unlink()
    (course / "submitted" / "joe" / "assignment2").mkdir(parents=True)
    found = for_a_human(read_course(the(course)))
    assert [(student, [remark.reason for remark in remarks]) for student, remarks in found] == [
        ("joe", ["not gradable"]),
        ("eve", ["missing"]),
        ("bob", ["cut short", "check cell changed", "repaired"]),
    ]
    assert found[2][1][0].text == "test_square killed"


@pytest.mark.parametrize(
    ("double", "change", "suspicious"),
    [
        ("ppff", None, True),
        ("ppfe", None, True),
        ("ppfp", None, False),
        ("fpff", None, False),
        ("pppp", None, False),
        ("pptt", None, False),
        ("ppff", hinted("added_two", "Multiply."), False),
    ],
)
def test_answers_made_for_the_visible_checks(course, double, change, suspicious):
    """Is a cell that passes what students see and nothing else suspicious, unless a known mistake explains it?"""
    graded(course, "ann", double, change=change)
    reasons = [remark.reason for _, remarks in for_a_human(read_course(the(course))) for remark in remarks]
    assert ("suspicious" in reasons) is suspicious


def test_same_code(course):
    """Is code alike that differs in comments only, and neither other code nor an empty TODO block?"""

    def solved(double, square="def square(x):\n    return x * x"):
        def change(notebook):
            set_source(notebook, "double", double)
            set_source(notebook, "square", square)

        return change

    graded(course, "ann", "pppp", change=solved("def double(x):\n    return x + x  # mine"))
    graded(course, "bob", "pppp", change=solved("def double( x ):\n\n    return (x + x)"))
    graded(course, "eve", "pppp", change=solved("def double(x):\n    return 2 * x"))
    stubs = load_key(the(course), "Toy").stubs
    for student in ("joe", "kim"):
        empty = [stubs[name] + "  # not yet" for name in ("double", "square")]
        graded(course, student, "ssss", "s", change=solved(*empty))
    assert [(group.notebook, group.students) for group in same_code(read_course(the(course)))] == [
        ("Toy", ["ann", "bob"])
    ]


def test_model_checks_keep_their_names(toy_key, tmp_path, monkeypatch):
    """Is a check of an accuracy called the same whether weights were handed in or not, so that it can be counted?"""
    judge = networks.NetworkJudge(toy_key, 1)
    message = {"path": "net.npz", "weights": [1, 2], "classes": ["Net"], "at_least": {"synthetic": [0.4, 0.6]}}
    missing = judge(message, tmp_path)
    monkeypatch.setattr(networks, "read_small", lambda path: SimpleNamespace(trained_on="synthetic"))
    monkeypatch.setattr(networks.NetworkJudge, "_build", lambda *_: None)
    monkeypatch.setattr(networks, "held_out_images", lambda *_: (None, None))
    monkeypatch.setattr("cs231n.model_io.accuracy", lambda *_: 0.5)
    found = judge(message, tmp_path)
    assert [verdict.status for verdict in found] == ["passed", "failed"]
    assert [verdict.check for verdict in found] == [verdict.check for verdict in missing]


# -- what is written


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "＝1"])
def test_no_text_becomes_a_formula(text):
    """Does text that a spreadsheet would run get an apostrophe, while numbers and harmless text stay?"""
    assert guarded(text) == "'" + text
    assert guarded(-0.25) == -0.25
    assert guarded("O'Neil-Smith") == "O'Neil-Smith"


def test_canvas_and_moodle(course):
    """Are both files what the systems ask for, with names as they are and formulas disarmed?"""
    graded(
        course, "ann", "pppp", why=1.25, first_name="Zoë", last_name='van "Z", Dyck', email="z@x.org", lms_user_id="77"
    )
    graded(course, "=cmd", "ffff")
    report(the(course))
    assert rows(course / "report" / "assignment2" / "canvas.csv") == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "assignment2"],
        ["    Points Possible", "", "", "", "", "8.0"],
        ["'=cmd", "", "", "'=cmd", "", "2.0"],
        ['van "Z", Dyck, Zoë', "77", "", "ann", "", "7.25"],
    ]
    assert rows(course / "report" / "assignment2" / "moodle.csv") == [
        ["username", "First name", "Last name", "Email address", "assignment2"],
        ["'=cmd", "", "", "", "2.0"],
        ["ann", "Zoë", 'van "Z", Dyck', "z@x.org", "7.25"],
    ]


class Page(HTMLParser):
    """Collects the tags of a page and what they refer to; fails on tags that do not close in order."""

    VOID = ("meta",)

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.links = [], set(), []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.links += [value for name, value in attributes if name in ("src", "href", "xlink:href", "data", "action")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_page_is_self_contained_and_nothing_can_be_injected(course):
    """Does the page load nothing, hold no script, and show hostile names, messages and code as text?"""

    def hostile(notebook):
        hinted(NASTY, NASTY)(notebook)
        note_repairs(notebook, [Repair(RepairKind.REORDERED, NASTY, NASTY)])

    graded(course, "ann", "pppp", first_name=NASTY)
    graded(course, "<i class=x>", "ffff", change=hostile)
    text = report(the(course)).read_text(encoding="utf-8")
    page = Page(text)
    assert page.tags.isdisjoint({"link", "img", "iframe", "object", "script"})
    assert [link for link in page.links if not link.startswith("#")] == []
    assert "url(http" not in text
    assert NASTY not in text
    assert "<i class=x>" not in text
    assert "&lt;i class=x&gt;" in text


def test_plots_are_the_same_for_the_same_numbers(course):
    """Is a plot well-formed XML, without a date, and the same when it is drawn again?"""
    graded(course, "ann", "pppp", change=None)
    graded(course, "bob", "ffff", change=hinted("name", "a<b & $c$"))
    found = read_course(the(course))
    drawn = [
        (report_plots.scores, (found,)),
        (report_plots.mistakes, (mistakes_of(found), 2)),
        (report_plots.cells, (found.cells, checks_of(found))),
        (report_plots.discrimination, (checks_of(found),)),
    ]
    for draw, arguments in drawn:
        svg = draw(*arguments)
        texts = [element.text for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]
        assert texts
        assert svg == draw(*arguments)
        assert len(ElementTree.fromstring(svg).get("aria-label").split()) > 5
    assert "double: a<b & $c$" in [e.text for e in ElementTree.fromstring(drawn[1][0](*drawn[1][1])).iter() if e.text]


def test_each_plot_has_a_text_and_its_numbers(course):
    """Has each plot of the page an alternative text, and its numbers in a table below it or where a link leads?"""
    for number in range(12):
        double = "ffff" if number % 2 else "pppp"
        graded(course, f"s{number}", double, change=hinted("name", "You add.") if number % 2 else None, late=number)
    page = BeautifulSoup(report(the(course)).read_text(encoding="utf-8"), "html.parser")
    plots = page.find_all("figure")
    assert [plot["aria-label"] for plot in plots] == SECTIONS
    for plot in plots:
        assert plot.svg["role"] == "img"
        assert len(plot.svg["aria-label"].split()) > 5
        following = plot.find_next_sibling(["details", "figure"])
        link = plot.find_previous_sibling("p").find("a")
        numbers = page.find(id=link["href"].lstrip("#")).find_next("details") if link else following
        assert numbers.table.td, plot["aria-label"]
    first = page.find("table")
    assert sum(int(row.td.text) for row in first.tbody.find_all("tr")) == 12
