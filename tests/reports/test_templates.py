"""A mistake in a bureau's own template is a sentence with file and line, never a fault of the program."""

from __future__ import annotations

import pytest

from scoring.reports import WrongTemplate

REPORT = '{% extends "shipped/report.html.j2" %}\n'


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (REPORT + "{% block closing %}{% if %}{% endblock %}", 2, "expression"),
        (REPORT + "{% block closing %}{{ nothing.here }}{% endblock %}", 2, "nothing"),
        (REPORT + '{% block closing %}{{ "x" + 1 }}{% endblock %}', 2, "str"),
        (REPORT + '{% block closing %}{% include "other.html.j2" %}{% endblock %}', 2, "没有模板“other.html.j2”"),
        (REPORT + "{% block closng %}x{% endblock %}", 2, "可用：closing"),
        (REPORT.encode() + "{% block closing %}说明{% endblock %}".encode("gbk"), 2, "UTF-8"),
        ('{% extends "report.html.j2" %}', 1, "应写 shipped/report.html.j2"),
        ('{% extends "shipped/reprot.html.j2" %}', 1, "应写 shipped/report.html.j2"),
    ],
)
def test_a_mistake_in_an_own_template_names_its_file_and_line(tmp_path, make, example, text, line, said):
    (tmp_path / "report.html.j2").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(WrongTemplate) as wrong:
        make("report", example, templates=tmp_path)
    assert (wrong.value.file, wrong.value.line) == ("report.html.j2", line)
    assert said in str(wrong.value)
    assert "report_templates 中的模板 report.html.j2" in str(wrong.value)
