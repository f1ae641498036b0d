"""escalation.yaml: the shipped policy, a workspace's own keys over it, every mistake with its line."""

from __future__ import annotations

import pytest

from scoring.config import ConfigError
from scoring.messages import say
from scoring.supervision.escalation import read_policy

NOTE = "send: work_note, answer_in: 3}"
STEPS = "failed:\n  after: 1\n  steps:\n"


def wrong(folder, text, lang="zh"):
    (folder / "escalation.yaml").write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        read_policy(folder, lang)
    return str(caught.value.parameters["lines"])


def test_the_shipped_policy_follows_the_notice(tmp_path):
    policy = read_policy(tmp_path, "zh")
    assert policy.first_of({"rectify_type": "立行立改"}).send == "phone_reminder"
    assert policy.first_of({"severity": "一般", "rectify_type": "长期"}).send == "advisory_letter"
    assert policy.first_of({}).send == "advisory_letter"
    assert {kind for row in policy.failed.steps for kind in row.send} == {"supervision_letter", "circular"}


def test_a_workspace_replaces_whole_keys_and_keeps_the_rest(tmp_path):
    shipped = read_policy(tmp_path, "zh")
    (tmp_path / "escalation.yaml").write_text("soon: 9\nfirst:\n  - {send: work_note, answer_in: 2}\n", "utf-8")
    own = read_policy(tmp_path, "zh")
    assert (own.soon, own.first_of({"severity": "严重"}).send) == (9, "work_note")
    assert (own.failed, own.tendency) == (shipped.failed, shipped.tendency)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("sonn: 5\n", 1, "soon"),
        ("soon: many\n", 1, "soon"),
        ("soon: -1\n", 1, "soon"),
        ("first:\n  - {send: phone, answer_in: 3}\n", 2, "phone_reminder"),
        ("first:\n  - {send: referral, answer_in: 3}\n", 2, "advisory_letter"),
        ("first:\n  - {send: work_note}\n", 2, "answer_in"),
        ("first:\n  - {send: work_note, answer_in: 0}\n", 2, "answer_in"),
        (f"first:\n  - {{when: {{severty: [x]}}, {NOTE}\n  - {{{NOTE}\n", 2, "severity"),
        (f"first:\n  - {{when: {{severity: [严重]}}, {NOTE}\n", 2, "escalation-rest"),
        (f"first:\n  - {{{NOTE}\n  - {{{NOTE}\n", 2, "escalation-early"),
        (STEPS + "    - {send: [phone_reminder], answer_in: 3}\n", 4, "circular"),
        (STEPS + "    - {when: {severity: [x]}, send: [circular], answer_in: 3}\n", 4, "escalation-rest"),
        ("first: []\n", 1, "first"),
        ("- soon\n", 1, ""),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line(tmp_path, text, line, said):
    found = wrong(tmp_path, text)
    assert f"escalation.yaml:{line}: " in found
    assert (say(f"scheme-{said}", "zh") if said.startswith("escalation-") else said) in found
