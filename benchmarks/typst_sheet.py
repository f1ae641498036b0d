"""A sheet of the same words set by Typst, and ours, in one run: `python benchmarks/typst_sheet.py [findings]`.

Needs the package `typst`, which is no dependency: `pip install typst`. Typst's document has the same tables, columns,
fonts, sizes and grid, without chart, square, watermark and rules for page breaks, so it has a little less to do.
"""

from __future__ import annotations

import json
import sys
from itertools import count
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE), str(HERE.parent / "tests" / "reports")]

import pdf  # noqa: E402 - found by the line above
import sample  # noqa: E402
import typst  # noqa: E402

from scoring.reports import Renderer, Settings, render_town  # noqa: E402
from scoring.reports.town_view import TownView, town_view  # noqa: E402

HEAD = """#set page(paper: "a4", margin: (x: 16mm, top: 16mm, bottom: 18mm), numbering: "1 / 1")
#set text(font: "Noto Serif CJK SC", size: 9.5pt, lang: "zh")
#show heading: set text(font: "Noto Sans CJK SC", size: 11.5pt)
"""


SALT = count()


def cell(text: str) -> str:
    """Write a cell that prints a text, and a number that no cell had before: Typst remembers what it has set."""
    return f"text({json.dumps(text + str(next(SALT) % 10_000), ensure_ascii=False)})"


def table(columns: str, rows: list[list[str]]) -> str:
    """Write a table of texts."""
    cells = ", ".join(cell(text) for row in rows for text in row)
    return (
        f"#text(size: 8.5pt, table(columns: ({columns}), stroke: (bottom: .1mm + luma(210)), inset: .7mm, {cells}))\n"
    )


def source(view: TownView) -> str:
    """Write the sheet for Typst."""
    parts = [HEAD, f"#text(size: 19pt, {cell(view.title)})\n\n#text(size: 38pt, fill: red, {cell(view.score)})\n\n"]
    parts.extend(
        table(", ".join(["1fr"] * len(figures)), [[f"{one.number}\n{one.name}" for one in figures]])
        for figures in (view.places, view.counts)
        if figures
    )
    parts.append("= 得分说明\n")
    lines = [line for block in view.statement.blocks for line in block.lines] if view.statement else []
    rows = [[f"{one.indicator} {one.clause or ''}", one.reason, one.subject, one.points, one.balance] for one in lines]
    parts.append(table("49mm, 1fr, 28mm, 21mm, 17mm", rows))
    parts.append("= 问题明细\n")
    for group in view.groups:
        parts.append(table("1fr, 60mm", [[f"{group.heading} {group.clause}", group.note]]))
        found = [
            [
                f"{one.number}\n{one.found}",
                f"{one.village} {one.text}\n{one.detail}",
                *(one.charge, one.credit, one.extra, one.net),
                f"{one.state}\n{one.due}",
                f"{one.gives_back} {one.about}\n{one.by}",
            ]
            for one in group.rows
        ]
        parts.append(table("28mm, 1fr, 12mm, 12mm, 11mm, 13mm, 20mm, 17mm", found))
    parts += ["= 异议\n", *(f"#{cell(sentence)}\n\n" for sentence in view.objection), "#pagebreak()\n"]
    parts.append(
        table("33mm, 56mm, 20mm, 47mm, 22mm", [[one.number, one.text, one.due, "", ""] for one in view.replies])
    )
    return "".join(parts)


def main() -> None:
    """Measure by turns and print one line of JSON."""
    findings = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    own = sample.assessment(crowd=findings).for_town(sample.CROWDED)
    settings = Settings(bureau="示例市民政局")
    renderer = Renderer(settings)
    compiler = typst.Compiler()

    def theirs() -> bytes:
        return compiler.compile(source(town_view(own, settings)).encode())

    theirs()
    render_town(own, settings, renderer)
    ours, other = [], []
    for _ in range(pdf.ROUNDS):
        other.append(pdf.seconds(theirs))
        ours.append(pdf.seconds(lambda: render_town(own, settings, renderer)))
    each = pdf.ROUNDS * pdf.TURN
    told = {"findings": findings, "ours_s": round(sum(ours) / each, 3), "typst_s": round(sum(other) / each, 3)}
    print(json.dumps({**told, "share": round(sum(ours) / sum(other), 1)}))


if __name__ == "__main__":
    main()
