"""Several schemes in one workspace: each period has its own, or a sentence says why it has none."""

from __future__ import annotations

import json
from datetime import date

import pytest

from scoring.choosing import NoScheme, Schemes
from scoring.config import ConfigError, read_config
from scoring.messages import say
from scoring.scheme import SchemeError
from scoring.workspace import open_workspace
from tests.runs.conftest import SCHEME

OPEN = "effective: {from: 2025-01-01}"
LIST = "weights: [old.yaml, new.yaml, year.yaml]\n"


def write(root, name, effective, calendar="", change=("", "")):
    """A scheme of this name, of these days and for these periods."""
    text = SCHEME.replace("id: small", f"id: {name}").replace("小细则", f"{name}细则").replace(*change)
    text = text.replace(OPEN, f"effective: {effective}" + (f"\ncalendar: {calendar}" if calendar else ""))
    (root / f"{name}.yaml").write_text(text, "utf-8")


def three(root):
    """The first half-year's scheme, the second's, dearer, and the year's."""
    write(root, "old", "{from: 2025-01-01, to: 2025-06-30}")
    write(root, "new", "{from: 2025-07-01}", change=("price: 45", "price: 50"))
    write(root, "year", "{from: 2025-01-01}", "{kind: year, also: [half]}")


@pytest.fixture
def several(bureau):
    three(bureau.root)
    bureau.workspace(LIST)
    return bureau


def schemes(root, *names, lang="zh"):
    return Schemes([(f"{name}.yaml", root / f"{name}.yaml") for name in names], lang)


def break_(path, old="clause: 一（一）", new="clauze: 一（一）"):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


# ---------------------------------------------------------------- what may be written


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("weights: a.yaml\n", ["a.yaml"]),
        ("weights: [a.yaml]\n", ["a.yaml"]),
        ("weights:\n  - a.yaml\n  - weights/b.yaml   # the year\n", ["a.yaml", "weights/b.yaml"]),
        ("weights:\n", ["weights/jiyuan-quarterly.yaml"]),
        ("weights: [a.yaml, ~]\n", ["a.yaml"]),
    ],
)
def test_one_path_or_a_list(tmp_path, text, wanted):
    (tmp_path / "townscore.yaml").write_text(text, "utf-8")
    assert [path.as_posix() for path in open_workspace(tmp_path, "zh").weights] == wanted


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        ("lang: zh\nweights: []\n", 2, "weights-none"),
        ("weights:\n  -\n", 1, "weights-none"),
        ("weights:\n  - a.yaml\n  - b.yaml\n  - ./a.yaml\n", 4, "weights-twice"),
        ("weights: {quarter: a.yaml}\n", 1, "weights-shape"),
        ("weights:\n  - a.yaml\n  - [b.yaml]\n", 3, "weights-shape"),
        ("weights: true\n", 1, "want-text"),
        ("weights:\n  - a.yaml\n  - false\n", 3, "want-text"),
        ("weights: [a.yaml\n", 1, "not-yaml"),
    ],
)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_mistake_in_the_list_is_named_with_its_line(tmp_path, text, line, code, lang):
    (tmp_path / "townscore.yaml").write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        read_config(tmp_path / "townscore.yaml", lang)
    (found,) = str(caught.value.parameters["lines"]).splitlines()
    sentence = say(f"scheme-{code}", lang, path="./a.yaml", first=2, key="weights")
    assert found == f"  townscore.yaml:{line}: {sentence}"


def test_it_is_named_together_with_the_other_mistakes(tmp_path):
    (tmp_path / "townscore.yaml").write_text("weights: []\nlang: fr\n", "utf-8")
    with pytest.raises(ConfigError) as caught:
        read_config(tmp_path / "townscore.yaml", "en")
    assert [line.split(":")[1] for line in str(caught.value.parameters["lines"]).splitlines()] == ["1", "2"]


def test_a_listed_file_that_is_not_there_is_named(several):
    (several.root / "year.yaml").unlink()
    answer = several.call("run", "2025Q1", "--formats", "csv")
    assert (answer.code, "year.yaml" in answer.err) == (2, True)


# ---------------------------------------------------------------- the choice


@pytest.mark.parametrize(
    ("label", "wanted"),
    [("2025Q1", "old"), ("2025Q2", "old"), ("2025Q3", "new"), ("2026Q1", "new"), ("2025", "year"), ("2025H1", "year")],
)
def test_dates_and_kind_choose(tmp_path, label, wanted):
    three(tmp_path)
    assert schemes(tmp_path, "year", "new", "old").of(label).scheme.id == wanted


def test_the_last_day_decides_as_each_calendar_has_it(tmp_path):
    write(tmp_path, "old", "{from: 2025-01-01, to: 2025-09-29}")
    write(tmp_path, "new", "{from: 2025-09-30}")
    assert schemes(tmp_path, "old", "new").of("2025Q3").scheme.id == "new"
    # A quarter that closes on the 25th ends while the old scheme is in force; for the new one it would end later.
    write(tmp_path, "old", "{from: 2025-01-01, to: 2025-09-29}", "{closes_on: 25}")
    with pytest.raises(NoScheme) as caught:
        schemes(tmp_path, "old", "new").of("2025Q3")
    assert caught.value.code == "cli-two-schemes"


def test_an_interval_belongs_to_the_scheme_that_declares_it(tmp_path):
    three(tmp_path)
    pilot = "{intervals: [{id: pilot, label: 试点, from: 2025-02-01, to: 2025-05-31}]}"
    write(tmp_path, "old", "{from: 2025-01-01, to: 2025-06-30}", pilot)
    assert schemes(tmp_path, "old", "new", "year").of("pilot").scheme.id == "old"


@pytest.mark.parametrize(
    ("lang", "kinds"),
    [("zh", ("季度", "年度", "半年")), ("en", ("quarters", "the year", "half-years"))],
)
def test_none_is_a_sentence_that_lists_each_with_its_days_and_kinds(several, lang, kinds):
    answer = several.call("run", "2025-03", "--lang", lang)  # cli-no-scheme, cli-scheme-scores
    assert answer.code == 2
    told = {line.split(".yaml")[0].strip(): line for line in answer.err.splitlines() if ".yaml" in line}
    assert "2025-03" in answer.err
    assert all(day in told["old"] for day in ("2025-01-01", "2025-06-30", kinds[0]))
    assert "2025-07-01" in told["new"]
    assert kinds[2] in told["year"]
    assert not several.out.exists()
    assert several.call("run", "2024Q4", "--lang", lang).code == 2
    unknown = several.call("run", "2025Q5", "--lang", lang)
    assert (unknown.code, "2025Q5" in unknown.err, "old.yaml" in unknown.err) == (2, True, False)


def test_month_and_interval_are_named_among_the_kinds(tmp_path):
    three(tmp_path)
    pilot = "[{id: pilot, label: 试点, from: 2025-02-01, to: 2025-05-31}]"
    write(tmp_path, "old", "{from: 2025-01-01}", f"{{also: [month], intervals: {pilot}}}")
    assert schemes(tmp_path, "old", "new").of("2025-03").scheme.id == "old"
    # cli-kind-month, cli-kind-quarter, cli-kind-half, cli-kind-year
    assert [one.words("en").split(" for ")[1] for one in schemes(tmp_path, "old", "year", lang="en").listed] == [
        "months, quarters, pilot",
        "half-years, years",
    ]


def test_two_are_a_sentence_that_names_both(several):
    write(several.root, "old", "{from: 2025-01-01}")
    answer = several.call("run", "2025Q1", "2025Q3")  # cli-two-schemes
    assert answer.code == 2
    assert all(word in answer.err for word in ("2025Q3", "old.yaml", "new.yaml"))
    assert "year.yaml" not in answer.err
    assert not several.out.exists()
    assert several.call("run", "2025Q1", "--formats", "csv").code == 0


def test_one_alone_scores_whatever_is_asked_for_as_ever(tmp_path):
    three(tmp_path)
    for label in ("2025Q1", "2025-02", "2025"):
        assert schemes(tmp_path, "old").of(label).scheme.id == "old"
    with pytest.raises(NoScheme) as caught:
        schemes(tmp_path, "old").of("spring")
    assert caught.value.code == "cli-unknown-period"


def test_where_no_period_is_asked_for_the_newest_reads(tmp_path):
    three(tmp_path)
    assert schemes(tmp_path, "old", "year", "new").usual().scheme.id == "new"
    assert schemes(tmp_path, "year", "old").usual().scheme.id == "year"  # of two of one day the first


def test_a_day_is_scored_in_its_quarter_by_the_scheme_of_then(tmp_path):
    three(tmp_path)
    listed = schemes(tmp_path, "year", "old", "new")
    assert [listed.holding(date(2025, month, 3)).id for month in (2, 5, 8)] == ["2025Q1", "2025Q2", "2025Q3"]
    assert listed.holding(date(2024, 2, 3)) is None


# ---------------------------------------------------------------- a file that is wrong


@pytest.mark.parametrize(
    "fault",
    [
        ("clause: 一（一）", "clauze: 一（一）"),  # a key that there is not
        ("points: 60", "points: 61"),  # sums that do not fit
        ("document: 示例", "document: [示例"),  # no YAML
        ("document: 示例", "document: &x 示例"),
    ],
)
def test_a_wrong_file_blocks_its_own_periods_alone(tmp_path, fault):
    three(tmp_path)
    break_(tmp_path / "new.yaml", *fault)
    listed = schemes(tmp_path, "old", "new", "year")
    assert [listed.of(label).scheme.id for label in ("2025Q1", "2025")] == ["old", "year"]
    with pytest.raises(SchemeError) as caught:
        listed.of("2025Q3")
    assert {problem.file for problem in caught.value.problems} == {"new.yaml"}
    assert all(problem.line for problem in caught.value.problems)


def test_a_file_in_another_encoding_is_told_by_its_dates_too(tmp_path):
    three(tmp_path)
    text = (tmp_path / "new.yaml").read_text("utf-8")
    (tmp_path / "new.yaml").write_bytes(text.replace("\n", "\r\n").encode("gb18030"))
    assert schemes(tmp_path, "old", "new", "year").of("2025Q2").scheme.id == "old"
    with pytest.raises(SchemeError):
        schemes(tmp_path, "old", "new", "year").of("2025Q4")


def test_a_wrong_file_is_never_passed_over_for_another(tmp_path):
    three(tmp_path)
    write(tmp_path, "old", "{from: 2025-01-01}")
    break_(tmp_path / "new.yaml")
    with pytest.raises(NoScheme) as caught:
        schemes(tmp_path, "old", "new", "year").of("2025Q3")
    assert caught.value.code == "cli-two-schemes"


@pytest.mark.parametrize("effective", ["{from: 2025-13-01}", "{form: 2025-07-01}", "{from: 2025-07-01", "~"])
def test_where_its_dates_are_wrong_nobody_can_tell_and_its_mistakes_are_named(tmp_path, effective):
    three(tmp_path)
    write(tmp_path, "new", effective)
    listed = schemes(tmp_path, "old", "new", "year")
    for asked in (lambda: listed.of("2025Q1"), listed.usual):
        with pytest.raises(SchemeError) as caught:
            asked()
        assert {problem.file for problem in caught.value.problems} == {"new.yaml"}


def test_check_without_a_file_checks_all_and_names_each_mistake(several):
    answer = several.call("weights", "check")
    assert (answer.code, answer.out.count("细则可用")) == (0, 3)
    for name in ("new", "year"):
        break_(several.root / f"{name}.yaml")
    answer = several.call("weights", "check")
    assert (answer.code, answer.out.count("细则可用")) == (2, 1)
    line = 1 + (several.root / "new.yaml").read_text("utf-8").splitlines().index("        clauze: 一（一）")
    assert f"new.yaml:{line}: " in answer.err
    assert "year.yaml:" in answer.err
    assert several.call("weights", "check", "old.yaml").code == 0
    assert several.call("weights", "show").code == 2


def test_show_without_a_file_shows_each_with_its_days_and_kinds(several):
    answer = several.call("weights", "show", "--lang", "en")
    assert answer.code == 0, answer.err
    heads = [line for line in answer.out.splitlines() if ".yaml" in line]
    assert heads == [
        "old.yaml: in force 2025-01-01 to 2025-06-30, for quarters",
        "new.yaml: in force 2025-07-01 to no end, for quarters",
        "year.yaml: in force 2025-01-01 to no end, for half-years, years",
    ]
    assert answer.out.count("Visits") == 3


# ---------------------------------------------------------------- through the command


def schemes_used(bureau, *periods):
    manifests = [json.loads((bureau.out / period / "manifest.json").read_text("utf-8")) for period in periods]
    return [manifest["scheme"]["file"] for manifest in manifests]


def test_one_command_over_two_schemes(several):
    rows = (several.data / "问题台账.csv").read_text("utf-8")
    (several.data / "问题台账.csv").write_text(rows + "A-5,克井镇,2025-08-04,档案资料,严重,缺少表格\n", "utf-8")
    answer = several.call("run", "2025Q1", "2025Q3", "2025", "--formats", "csv")
    assert answer.code == 0, answer.err
    assert schemes_used(several, "2025Q1", "2025Q3", "2025") == ["old.yaml", "new.yaml", "year.yaml"]
    ledger = (several.out / "2025Q3" / "ledger.csv").read_text("utf-8-sig")
    assert "-50" in ledger  # the new scheme's price
    answer = several.call("changes", "克井", "2025Q1", "2025Q3", "--lang", "en")
    assert answer.code == 0, answer.err
    assert several.call("check", "2025Q1", "2025Q3").code == 0
    assert several.call("check").code == 0
    assert several.call("warnings", "2025Q3").code == 0
    assert several.call("explain", "克井", "2025Q3").code == 0
    assert several.call("explain", "克井", "2025Q3", "--data", "data").code == 0


def test_what_one_scheme_refuses_is_written_and_nothing_else(several):
    write(several.root, "new", "{from: 2025-07-01}", change=("label: 入户调查", "label: 走访"))
    answer = several.call("run", "2025Q1", "2025Q3", "--formats", "csv")
    assert answer.code == 1
    assert sorted(path.name for path in several.out.iterdir()) == ["problems.csv", "problems.xlsx"]
    assert "unknown-indicator" in (several.out / "problems.csv").read_text("utf-8-sig")
    assert several.call("run", "2025Q1", "--formats", "csv").code == 0


def test_weights_given_on_the_command_line_go_before_the_list(several):
    assert several.call("run", "2025Q3", "--weights", "year.yaml", "--formats", "csv").code == 0
    assert schemes_used(several, "2025Q3") == ["year.yaml"]
    answer = several.call("run", "2025Q3", "--weights", "old.yaml", "--formats", "csv")
    assert (answer.code, "2025-06-30" in answer.err) == (2, True)


def test_stage_and_publish_take_the_scheme_of_the_period_and_an_old_one_may_go(several):
    for period, comment, decided, on in (
        ("2025Q2", "2025-07-02", "2025-07-09", "2025-07-11"),
        ("2025Q3", "2025-10-10", "2025-10-17", "2025-10-20"),
    ):
        assert several.call("run", period, "--formats", "csv").code == 0
        assert several.call("stage", period, "comment", "--on", comment).code == 0
        assert several.call("stage", period, "decided", "--on", decided, "--by", "会").code == 0
        answer = several.call("publish", period, "--number", "1号", "--on", on, "--formats", "csv")
        assert answer.code == 0, answer.err
    said = [json.loads((several.root / f"store/{p}@1/edition.json").read_text("utf-8")) for p in ("2025Q2", "2025Q3")]
    assert [one["scheme"]["file"] for one in said] == ["old.yaml", "new.yaml"]
    assert several.call("verify").code == 0
    assert several.call("history").code == 0
    # What is published is answered from its own sealed scheme, whatever the settings list today.
    (several.root / "old.yaml").unlink()
    several.workspace("weights: [new.yaml, year.yaml]\n")
    answer = several.call("changes", "all", "2025Q2", "2025Q3")
    assert answer.code == 0, answer.err
    assert several.call("convert", "2025Q2", "--share", "10").code == 0
    assert several.call("explain", "克井", "2025Q2").code == 0
    assert several.call("explain", "克井", "2025Q1").code == 2


def test_an_appeal_finds_its_period_among_the_schemes(several):
    rows = (several.data / "问题台账.csv").read_text("utf-8")
    (several.data / "问题台账.csv").write_text(rows + "A-5,克井镇,2025-08-04,档案资料,严重,缺少表格\n", "utf-8")
    head = ["申诉编号", "申诉对象", "对象编号", "申诉日期"]
    rows = [["S-1", "问题", "A-1", "2025-03-05"], ["S-5", "问题", "A-5", "2025-08-20"]]
    several.table("申诉复核", [head, *rows])
    for number, period in (("S-1", "first quarter of 2025"), ("S-5", "third quarter of 2025")):
        answer = several.call("appeal", number, "--lang", "en")
        assert answer.code == 0, answer.err
        assert period in answer.out
