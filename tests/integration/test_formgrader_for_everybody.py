"""Formgrader in Chromium, page by page: nothing serious that axe finds, every control by keyboard, on a phone too."""

import pytest
from autograder.authoring.release import release
from autograder.execution.kernel import sandbox
from autograder.grading.run import Options, grade
from helpers import browser, toy
from helpers.accessibility import serious_problems
from helpers.courses import the
from nbgrader.api import Gradebook

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]
PHONE, DESK = 390, 1280
SOLUTIONS = {
    "ada": "def double(x):\n    return 2 * x",
    "bob": "def double(x):\n    # like this?\n    return 2 + x",
    "eve": "def double(x):\n    return None",
}
PAGES = {
    "assignments": "manage_assignments",
    "submissions": "manage_submissions/assignment2",
    "grading": "gradebook",
    "notebooks": "gradebook/assignment2",
    "submissions of a notebook": "gradebook/assignment2/Toy",
    "students": "manage_students",
    "a student": "manage_students/bob",
    "notebooks of a student": "manage_students/bob/assignment2",
    "a submission": "submissions/{bob}/",
    "a submission that is gone": "submissions/{eve}/",
    "an error": "submissions/{eve}/next",
    "no such submission": "submissions/nothing/",
    "no such page": "nothing",
}
DIALOGS = {
    "new student": ("students", "a:text('Add new student')"),
    "edit student": ("students", "[aria-label='Edit Student: ada']"),
    "new assignment": ("assignments", "a:text('Add new assignment')"),
    "edit assignment": ("assignments", "[aria-label='Edit: assignment2']"),
    "shortcuts": ("a submission", "[aria-label='Keyboard shortcuts']"),
}
CONTROLS = "a[href], button, input, textarea, select, summary, [role=button], [onclick], th[tabindex]"
NUMBER = """found => found.filter(one => one.checkVisibility() && !one.disabled)
    .map((one, number) => one.dataset.number = String(number))"""
MATHJAX = """window.MathJax = {Hub: {Config: () => 0, Configured: () => 0, Queue: () => 0,
    Startup: {signal: {Interest: heard => heard("End")}}}}"""


@pytest.fixture(scope="module")
def formgrader(tmp_path_factory):
    """The address of a server's formgrader, its token, and the ids of the submissions to a graded course."""
    home = tmp_path_factory.mktemp("formgrader")
    course = toy.make_course(home / "course")
    release(the(course))
    for student, double in SOLUTIONS.items():
        toy.hand_in(course, student, double)
    grade(the(course), Options(no_sandbox=bool(sandbox.unavailable())))
    (course / "autograded" / "eve" / "assignment2" / "Toy.ipynb").unlink()
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "cs231n") as gradebook:
        numbers = {one.student.id: one.id for one in gradebook.notebook_submissions("Toy", "assignment2")}
    with browser.jupyter_server(course, home) as (address, token):
        yield f"{address}formgrader/", token, numbers


@pytest.fixture(scope="module")
def visit(formgrader):
    """A browser with a token, and as it looks with a network."""
    address, token, _ = formgrader
    with browser.chromium() as chromium, browser.visit(chromium, f"{address}gradebook", token) as visit:
        visit.page.route("https://cdnjs.cloudflare.com/**", lambda route: route.fulfill(body=MATHJAX))
        yield visit


@pytest.fixture
def opened(formgrader, visit):
    """A function that opens a page by its name."""
    address, _, numbers = formgrader

    def open_page(name, width=DESK):
        visit.page.set_viewport_size({"width": width, "height": 800})
        visit.page.goto(address + PAGES[name].format(**numbers), wait_until="load")
        visit.page.wait_for_load_state("networkidle")
        return visit.page

    yield open_page
    assert visit.errors == visit.ran == []


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_nothing_serious(opened, name, width):
    """Does axe find nothing serious on any page, and is none pushed sideways or cut off?"""
    page = opened(name, width)
    assert serious_problems(page) == {}
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", DIALOGS)
def test_dialogs(opened, name):
    """Does a control that the keyboard reaches open each dialog, and does axe find nothing serious in it?"""
    on, control = DIALOGS[name]
    page = opened(on)
    page.locator(control).first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".modal.in")
    page.wait_for_timeout(500)  # it fades in, pale
    assert serious_problems(page) == {}


@pytest.mark.parametrize("name", PAGES)
def test_every_control_by_keyboard(opened, name):
    """Does Tab come to every control that one sees?"""
    page = opened(name)
    page.evaluate("document.activeElement.blur()")
    controls = page.eval_on_selector_all(CONTROLS, NUMBER)
    reached = set()
    for _ in range(len(controls) + 5):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.dataset.number"))
    missing = [
        page.locator(f"[data-number='{number}']").evaluate("one => one.outerHTML")
        for number in controls
        if number not in reached
    ]
    assert controls
    assert missing == []


def test_names_by_keyboard(opened):
    """Do Enter and the space bar show and hide a name, and stay with it?"""
    page = opened("submissions of a notebook")
    page.locator("[aria-label='Show the name of Submission #1']").focus()
    page.keyboard.press("Enter")
    assert page.locator("a.name-shown:visible").count() == 1
    page.keyboard.press(" ")
    assert page.locator("a.name-shown:visible").count() == 0


def test_links_by_keyboard(opened):
    """Does Enter follow a link on the page of a submission, where formgrader has another use for it?"""
    page = opened("a submission")
    page.locator(".breadcrumb a", has_text="assignment2").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/gradebook/assignment2")


def test_points_by_keyboard(opened):
    """Are points still given by the buttons, and kept?"""
    page = opened("a submission")
    page.get_by_role("button", name="Full credit for why").focus()
    with page.expect_response("**/api/grade/*"):
        page.keyboard.press("Enter")
    page = opened("a submission")
    assert page.get_by_role("spinbutton", name="Points for why", exact=True).input_value() == "2"
