"""The report as one HTML page: everything inside, readable on paper and without network."""

from __future__ import annotations

import base64
import json
from html import escape
from pathlib import Path

from lss.report.plates import Plate
from lss.report.tables import Table

STYLE = """
:root { --ink: #1c1c1c; --soft: #666; --line: #d9d9d9; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem 1.2rem 4rem; color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; background: #fff; }
h1 { font-size: 1.6rem; margin: 0 0 .3rem; } h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; }
p { margin: .4rem 0; } .soft, figcaption, caption { color: var(--soft); font-size: .875rem; }
.note { border-left: 4px solid #d55e00; padding: .4rem .8rem; background: #fff6ef; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .875rem; width: 100%; margin: .5rem 0; }
caption { caption-side: bottom; text-align: left; padding-top: .4rem; }
td:first-child { min-width: 7.5rem; }
th, td { text-align: left; padding: .28rem .7rem .28rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }
th { border-bottom: 2px solid var(--ink); } td + td { font-variant-numeric: tabular-nums; }
figure { margin: 1rem 0 1.6rem; } img { max-width: 100%; height: auto; display: block; }
.light { white-space: nowrap; }
.light::before { content: ""; display: inline-block; width: .7em; height: .7em; margin-right: .4em;
  border-radius: 50%; background: #9a9a9a; }
.green::before { background: #1a8a3a; } .amber::before { background: #e09b00; border-radius: 0; }
.red::before { background: #c62222; border-radius: 0; transform: rotate(45deg); }
ul { padding-left: 1.2rem; margin: .4rem 0; } li { margin: .25rem 0; }
ul.lights { list-style: none; padding-left: 1.2rem; } ul.lights li { text-indent: -1.2rem; }
#player { position: relative; overflow: hidden; height: 26rem; border: 1px solid var(--line); }
.controls { display: flex; flex-wrap: wrap; gap: .8rem; align-items: center; font-size: .875rem; }
.controls input { flex: 1; } #player-label { min-width: 13rem; }
pre { background: #f6f6f6; padding: .8rem; font-size: .8rem; white-space: pre-wrap;
  overflow-wrap: anywhere; } summary { cursor: pointer; }
@media print { body { max-width: none; font-size: 10pt; padding: 0; } h2 { break-after: avoid; }
  figure, tr { break-inside: avoid; } .scroll { overflow: visible; }
  details, .player { display: none; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""


def page(title: str, note: str | None, sections: list[str]) -> str:
    """The whole page.

    Parameters
    ----------
    title, note : str
        Plain text; escaped here, like all text given to the functions of this module.
    sections : list of str
        HTML from the other functions.
    """
    warning = f'<p class="note">{escape(note)}</p>' if note else ""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="data:,">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n<body>"
        f"<h1>{escape(title)}</h1>{warning}\n" + "\n".join(sections) + "\n</body></html>\n"
    )


def section(heading: str, *parts: str) -> str:
    """A heading and what stands under it."""
    return f"<section><h2>{escape(heading)}</h2>{''.join(parts)}</section>"


def paragraph(text: str, soft: bool = False) -> str:
    """A paragraph of text."""
    return f'<p class="soft">{escape(text)}</p>' if soft else f"<p>{escape(text)}</p>"


def bullets(items: list[str], lights: list[str] | None = None) -> str:
    """A list; each item with a light where given."""
    if lights is None:
        return "<ul>" + "".join(f"<li>{escape(x)}</li>" for x in items) + "</ul>"
    lines = (f"<li>{_dot(c)}{escape(x)}</li>" for x, c in zip(items, lights, strict=True))
    return f'<ul class="lights">{"".join(lines)}</ul>'


def _dot(colour: str) -> str:
    return f'<span class="light {escape(colour)}" role="img" aria-label="{escape(colour)}"></span>'


def _light(colour: str) -> str:
    return f'<span class="light {escape(colour)}">{escape(colour)}</span>'


def table(content: Table) -> str:
    """A table; the lights are its last column."""
    head = list(content.head) + ([""] if content.lights else [])
    rows = []
    for k, row in enumerate(content.body):
        cells = [f"<td>{escape(x)}</td>" for x in row]
        if content.lights:
            colour = content.lights[k]
            cells.append(f"<td>{_light(colour) if colour else ''}</td>")
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return (
        f'<div class="scroll"><table><caption>{escape(content.caption)}</caption><thead><tr>'
        + "".join(f"<th>{escape(h)}</th>" for h in head)
        + f"</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def picture(plate: Plate) -> str:
    """A figure, its picture inside the page."""
    data = base64.b64encode(Path(plate.png).read_bytes()).decode("ascii")
    return (
        f'<figure id="{escape(plate.name)}"><img alt="{escape(plate.caption)}" '
        f'src="data:image/png;base64,{data}"><figcaption>{escape(plate.caption)} '
        f"Files: figures/{escape(plate.name)}.png, .pdf, .csv</figcaption></figure>"
    )


def listing(heading: str, data: dict) -> str:
    """Nested settings, folded away."""
    text = json.dumps(data, indent=1, ensure_ascii=False)
    return f"<details><summary>{escape(heading)}</summary><pre>{escape(text)}</pre></details>"
