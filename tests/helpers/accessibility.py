"""What axe-core finds on a page that keeps people from using it."""

from axe_playwright_python.sync_playwright import Axe

SERIOUS = ("serious", "critical")


def serious_problems(page, part="html"):
    """Return the serious problems of a page that a browser shows: rule, and the elements that break it.

    part: a CSS selector of what is looked at
    """
    found = Axe().run(page, context=part).response["violations"]
    return {rule["id"]: [node["html"][:200] for node in rule["nodes"]] for rule in found if rule["impact"] in SERIOUS}
