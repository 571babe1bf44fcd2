"""An interactive figure: an SVG drawing with one frame for each choice, as HTML that needs no server.

The choice is a group of radio buttons, so keys, touch and screen readers work by themselves, and CSS shows the frame.
The script only lets one drag over the buttons; without it one clicks. A notebook that is not trusted has neither
buttons nor CSS: it shows the first frame as an image, and the numbers. Where HTML is not shown, there is a still
picture, and where that is not shown either, a text.
"""

import hashlib
from dataclasses import dataclass
from html import escape
from typing import NamedTuple

from cs231n.figures import svg

SCRIPT = """<script>if (!window.cs231nDrag) {
  window.cs231nDrag = true;
  document.addEventListener("pointermove", event => {
    const under = event.buttons & 1 && document.elementFromPoint(event.clientX, event.clientY);
    const label = under && under.closest(".poke label");
    if (label) label.control.checked = true;
  });
}</script>"""

STYLE = """.poke{margin:0;max-width:60em}.poke>img{display:none}.poke>.live{display:block!important}
.poke fieldset{border:0;padding:0;margin:.4em 0;min-width:0}
.poke legend{padding:0}.poke .choices{display:grid;gap:2px;width:max-content;touch-action:none}
.poke .choices{max-width:100%;overflow-x:auto;position:relative}.poke details{overflow-x:auto}
.poke label{display:block;cursor:pointer;user-select:none}
.poke input{position:absolute;opacity:0;margin:0}
.poke label span{display:block;padding:.15em .5em;border:1px solid #767676;border-radius:3px;text-align:center}
.poke input:checked+span{background:#0072B2;color:#fff}
.poke input:focus-visible+span{outline:3px solid #E69F00}
.poke .frame{display:none}.poke table{border-collapse:collapse}
.poke th,.poke td{padding:.1em .6em;text-align:right;border-bottom:1px solid #767676}"""


class Frame(NamedTuple):
    """What one choice shows. label: of its button; drawing: SVG; note: a sentence below"""

    label: str
    drawing: str
    note: str


@dataclass
class Figure:
    """What a notebook shows where this is the value of a cell.

    alt: what the picture shows, for people who cannot see it; common: SVG below every frame
    choice: what the buttons choose; columns: of the buttons; chosen: the frame that is shown first
    head, rows: the numbers as a table
    """

    title: str
    alt: str
    width: int
    height: int
    common: str
    frames: list[Frame]
    choice: str
    columns: int
    head: list[str]
    rows: list[list[object]]
    chosen: int = 0

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": self.html(), "image/svg+xml": self.still(), "text/plain": self.words()}

    def words(self):
        return f"{self.title}. {self.alt}\n{self.frames[self.chosen].note}"

    def still(self):
        """Return the chosen frame as a picture of its own."""
        width, height, content, alt = self._first()
        return svg.drawing(width, height, content, alt, static=True)

    def _first(self):
        """Return width, height, content and description of the chosen frame with its note."""
        frame = self.frames[self.chosen]
        content = self.common + frame.drawing + svg.text(10, self.height + 16, frame.note)
        return self.width, self.height + 26, content, f"{self.title}. {self.alt} {frame.note}"

    def html(self):
        drawings = "".join(f'<g class="frame f{n}">{frame.drawing}</g>' for n, frame in enumerate(self.frames))
        notes = "".join(f'<p class="frame f{n}">{escape(frame.note)}</p>' for n, frame in enumerate(self.frames))
        picture = svg.drawing(self.width, self.height, self.common + drawings, self.alt)
        own = "poke-" + hashlib.sha256((self.title + picture).encode()).hexdigest()[:8]  # no other figure's
        live = f"{self._choices(own)}{picture}<div aria-live='polite'>{notes}</div>"
        body = f'{svg.image(*self._first())}<div class="live" hidden="hidden">{live}</div>{self._table()}'
        style = f"<style>{STYLE}{self._rules(own)}</style>"
        return f'<figure class="poke" id="{own}">{style}<b>{escape(self.title)}</b>{body}</figure>{SCRIPT}'

    def _rules(self, own):
        """Return the CSS that shows the frame of the checked button; the first choice where a browser is too old."""
        shown = (f"#{own}:has(input[value='{n}']:checked) .f{n}{{display:block}}" for n in range(len(self.frames)))
        old = f"@supports not selector(:has(a)){{#{own} .f{self.chosen}{{display:block}}}}"
        return "".join(shown) + old

    def _choices(self, own):
        buttons = (
            f'<label><input type="radio" name="{own}" value="{n}"{" checked" if n == self.chosen else ""}>'
            f"<span>{escape(frame.label)}</span></label>"
            for n, frame in enumerate(self.frames)
        )
        columns = f"grid-template-columns:repeat({self.columns},auto)"
        legend = f"<legend>{escape(self.choice)}</legend>"
        return f'<fieldset>{legend}<div class="choices" style="{columns}">{"".join(buttons)}</div></fieldset>'

    def _table(self):
        head = "".join(f'<th scope="col">{escape(name)}</th>' for name in self.head)
        rows = "".join(f"<tr>{''.join(f'<td>{escape(str(x))}</td>' for x in row)}</tr>" for row in self.rows)
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        return f"<details><summary>The numbers as a table</summary>{table}</details>"
