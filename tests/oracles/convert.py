"""Turn the published inspections of shared/oracles into a data folder: files and columns are renamed, nothing else.

An inspection becomes a town, a violation a finding, a correction date a rectification. Rows keep their order and their
dirt: unlisted inspections, dates before the inspection, a year 9873. A violation has no number of its own, so its place
in the file becomes the finding's. Neither the official score nor the published points are taken over.

python -m tests.oracles.convert king-county ../shared/oracles DATA
python -m tests.oracles.convert san-francisco ../shared/oracles DATA
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path


def king_county(source: Path, data: Path) -> None:
    """Write towns and findings; the published `points` of a violation stay behind, prices come from the scheme."""
    inspections = read(source / "kc" / "inspections_official.csv")
    inspected = {row["inspection_id"]: row["date"] for row in inspections}
    write(
        data / "towns.csv",
        [{"town_code": row["inspection_id"], "name": row["inspection_id"], "kind": row["type"]} for row in inspections],
    )
    write(
        data / "findings.csv",
        [
            {
                "finding_id": f"KC-{number:05}",
                "town": row["inspection_id"],
                "found_on": inspected[row["inspection_id"]],
                "indicator": "violations",
                "code": row["code"],
                "description": row["description"],
            }
            for number, row in enumerate(read(source / "kc" / "violations.csv"), 1)
        ],
    )


def san_francisco(source: Path, data: Path, *, unlisted: bool = True, rectifications: bool = True) -> None:
    """Write towns, findings and rectifications.

    `unlisted` keeps violations of inspections that the official list lacks, `rectifications` the correction dates.
    """
    towns = [inspection(row) for row in read(source / "sf" / "inspections_official.csv")]
    listed = set(towns)
    violations = {
        f"SF-{number:05}": row
        for number, row in enumerate(read(source / "sf" / "violations.csv"), 1)
        if unlisted or inspection(row) in listed
    }
    write(data / "towns.csv", [{"town_code": town, "name": town} for town in towns])
    write(
        data / "findings.csv",
        [
            {
                "finding_id": finding,
                "town": inspection(row),
                "found_on": row["date"],
                "indicator": "violations",
                "violation_type": row["ViolationTypeID"],
            }
            for finding, row in violations.items()
        ],
    )
    if rectifications:
        write(
            data / "rectifications.csv",
            [
                {"finding_id": finding, "submitted_on": row["corrected_date"]}
                for finding, row in violations.items()
                if row["corrected_date"]
            ],
        )


def inspection(row: dict[str, str]) -> str:
    """The code of a San Francisco inspection: the business and the day, in every file."""
    return f"{row['business_id']}-{row['date']}"


def read(path: Path, encoding: str = "utf-8") -> list[dict[str, str]]:
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: list[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, rows[0])
        table.writeheader()
        table.writerows(rows)


if __name__ == "__main__":
    _, name, source, data = sys.argv
    {"king-county": king_county, "san-francisco": san_francisco}[name](Path(source), Path(data))
