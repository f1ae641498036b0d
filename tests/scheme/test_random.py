"""Random schemes load; random damage to a scheme gives a scheme or named problems, never a traceback."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.scheme import Scheme
from scoring.scheme import LoadedScheme, SchemeError, lint, load_scheme, show, vocabulary
from tests.scheme.conftest import FULL, SHIPPED

TEXTS = {"full": FULL, **{path.stem: path.read_text("utf-8") for path in SHIPPED}}
WHOLE = {"not-a-mapping", "not-yaml"}
AMOUNTS = st.one_of(
    st.integers(0, 9).map(str),
    st.decimals(0, 9, places=2).map(str),
    st.tuples(st.integers(1, 9), st.integers(1, 9)).map("{0[0]}/{0[1]}".format),
)


def read(text: str | bytes) -> LoadedScheme | SchemeError:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "weights.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
        try:
            return load_scheme(path)
        except SchemeError as error:
            return error


def sound(result: LoadedScheme | SchemeError) -> None:
    if isinstance(result, SchemeError):
        assert result.problems
        assert all(problem.message and problem.severity == "error" for problem in result.problems)
        # Only what is wrong with the file as a whole has no line.
        assert all(problem.line >= 1 or problem.code in WHOLE for problem in result.problems)
    else:
        lint(result)
        show(result.scheme, "en")
        vocabulary(result.scheme)


@st.composite
def mutated(draw: st.DrawFn, name: str) -> str:
    lines = TEXTS[name].split("\n")
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(lines) - 1))
        line = lines[place]
        match draw(st.sampled_from(["delete", "double", "swap", "number", "character", "indent", "cut"])):
            case "delete":
                del lines[place]
            case "double":
                lines.insert(place, line)
            case "swap":
                other = draw(st.integers(0, len(lines) - 1))
                lines[place], lines[other] = lines[other], line
            case "number":
                number = draw(
                    st.one_of(
                        AMOUNTS,
                        st.sampled_from(["-1", "1e5", "nan", ".inf", "99999999999999", "1/0", "0.1234567891", "二"]),
                    )
                )
                head, colon, _ = line.partition(":")
                lines[place] = f"{head}{colon} {number}" if colon else number
            case "character":
                at = draw(st.integers(0, len(line)))
                lines[place] = line[:at] + draw(st.characters(exclude_categories=[])) + line[at + 1 :]
            case "indent":
                lines[place] = (
                    draw(st.sampled_from(["  ", "\t", "- ", "{", "&a ", "*a ", "!x ", "<<: ", "? ", "# "])) + line
                )
            case "cut":
                lines[place] = line[: draw(st.integers(0, len(line)))]
        lines = lines or [""]
    return "\n".join(lines)


@given(mutated("full"))
@settings(max_examples=80)
def test_scheme_mutations_never_give_a_traceback(text):
    sound(read(text))


@given(st.sampled_from(sorted(set(TEXTS) - {"full"})).flatmap(mutated))
@settings(max_examples=15)
def test_shipped_scheme_mutations_never_give_a_traceback(text):
    sound(read(text))


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200)))
def test_scheme_any_bytes_never_give_a_traceback(content):
    sound(read(content))


JSON = st.recursive(
    st.one_of(st.booleans(), st.integers(-5, 5).map(str), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=8,
)


@given(st.data())
@settings(max_examples=80)
def test_scheme_any_value_at_any_key_never_gives_a_traceback(data):
    """Replace one value of the full scheme, however deep, by anything that YAML can say."""
    from scoring.scheme.nodes import read_tree
    from scoring.scheme.problems import Collector

    tree = read_tree(FULL, Collector("x", "en")).plain()
    node, steps = tree, data.draw(st.integers(1, 6))
    for step in range(steps):
        keys = sorted(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        if step == steps - 1 or not isinstance(node[key], (dict, list)):
            node[key] = data.draw(JSON)
            break
        node = node[key]
    sound(read(json.dumps(tree, ensure_ascii=False)))  # JSON is YAML


@st.composite
def schemes(draw: st.DrawFn) -> dict:
    severities = ["一般", "较重", "严重"][: draw(st.integers(1, 3))]
    prices = [{"when": {"severity": word}, "price": draw(AMOUNTS)} for word in severities]
    dimensions = []
    for d in range(draw(st.integers(1, 3))):
        indicators = []
        for i in range(draw(st.integers(1, 3))):
            rule = draw(
                st.sampled_from(
                    [
                        {"kind": "deduct", "prices": "list", "per": "person"},
                        {"kind": "deduct", "prices": [{"price": "1/3"}], "exposure": {"minimum": "5"}},
                        {"kind": "rate", "measure": "m", "per_point": {"target": "95", "price": "0.5"}},
                        {"kind": "rate", "measure": "m", "better": "lower", "linear": {"none_at": "9", "full_at": "1"}},
                        {"kind": "accrue", "measure": "m", "each": "0.5"},
                        {"kind": "pass_fail", "measure": "m", "at_most": "5"},
                        {"kind": "trend", "measure": "m", "against": "previous", "per_point": {"price": "0.5"}},
                        {"kind": "relative", "measure": "m", "by": "best", "better": "lower"},
                        {"kind": "judged"},
                    ]
                )
            )
            indicators.append({"id": f"i{d}{i}", "label": f"项{d}{i}", "points": "10", "clause": "一", "rule": rule})
        dimensions.append(
            {"id": f"d{d}", "label": f"块{d}", "points": str(10 * len(indicators)), "indicators": indicators}
        )
    return {
        "id": "random",
        "title": draw(st.text(st.characters(categories=["L", "N", "P"]), max_size=10)),
        "document": "例",
        "effective": {"from": str(draw(st.dates()))},
        "full": str(sum(int(dimension["points"]) for dimension in dimensions)),
        "decimals": str(draw(st.integers(0, 6))),
        "round_at": draw(st.sampled_from(["total", "indicator"])),
        "severities": [{"id": word} for word in severities],
        "measures": [{"id": "m", "label": "数"}],
        "price_lists": {"list": prices},
        "dimensions": dimensions,
        "repeats": {"window_days": "365", "multipliers": sorted((draw(AMOUNTS) for _ in range(2)), key=_exact)},
        "range": {"min": "0"},
        "calendar": {"kind": draw(st.sampled_from(["month", "quarter", "half", "year"]))},
    }


def _exact(text: str):
    from fractions import Fraction

    return Fraction(text)


@given(schemes())
def test_random_schemes_load_and_come_back_from_json(tree):
    loaded = read(json.dumps(tree, ensure_ascii=False))
    assert isinstance(loaded, LoadedScheme), str(loaded)
    sound(loaded)
    dumped = loaded.scheme.model_dump_json(by_alias=True, exclude_unset=True)
    again = Scheme.model_validate_json(dumped)
    assert again.model_dump(mode="json") == loaded.scheme.model_dump(mode="json")
