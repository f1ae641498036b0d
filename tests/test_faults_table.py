"""docs/faults.md names the tests of every fault; here they are looked up."""

from __future__ import annotations

import re
from pathlib import Path

NAMED = re.compile(r"(\w+/test_\w+\.py)((?:[:,] `test_\w+`)+)")


def test_every_test_that_the_table_of_faults_names_exists(root: Path) -> None:
    text = (root / "docs" / "faults.md").read_text("utf-8")
    named = [(file, test) for file, tests in NAMED.findall(text) for test in re.findall(r"`(test_\w+)`", tests)]
    assert len(named) == len(re.findall(r"`test_\w+`", text))
    missing = [
        f"{file}: {test}"
        for file, test in named
        if not re.search(rf"^def {test}\(", (root / "tests" / file).read_text("utf-8"), re.MULTILINE)
    ]
    assert missing == []
