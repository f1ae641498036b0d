"""The scheme of the hand-made Assessment: dimensions and indicators with clauses and prices, as the head says them."""

from __future__ import annotations

from typing import Any

SCHEME = [
    (
        "responsibility",
        "责任落实",
        "Responsibility",
        20,
        [
            ("responsibility_shirked", "责任不承担", "Responsibility shirked", 6, "一、第2项", "1"),
            ("policy_not_applied", "政策不落实", "Policy not applied", 6, "一、第3项", "1"),
            ("wrong_inclusion", "错保（认定不精准）", "Wrong inclusion", 8, "一、第6项", "2"),
        ],
    ),
    (
        "process",
        "审核确认程序",
        "Review and confirmation",
        40,
        [
            ("one_time_notice", "一次性告知", "One-time notice", 4, "二（一）第9项", "0.5"),
            ("file_complete", "审核材料齐全", "Complete files", 8, "二（一）第11项", "0.5"),
            ("file_visit_record", "入户调查记录", "Home visit record", 6, "二（一）第15项", "0.5"),
            ("means_check_all", "逢进必核", "Means check on every entry", 6, "二（一）第22项", "1"),
            ("kin_filing_village", "村（居）委成员近亲属备案", "Kin of village cadres filed", 4, "二（一）第28项", "1"),
            (
                "results_published",
                "名单、金额在村（社区）公布",
                "Results published in the village",
                4,
                "二（一）第33项",
                "0.5",
            ),
            ("dynamic_review", "分类动态管理", "Periodic review", 4, "二（一）第35项", "0.5"),
            ("timely_exit", "不符合条件及时退出", "Timely exit", 4, "二（一）第36项", "1"),
        ],
    ),
    (
        "level",
        "救助水平",
        "Benefit level",
        20,
        [
            ("amount_adjusted", "增发、减发、停发及时", "Timely adjustment", 8, "二（二）第45项", "0.5"),
            ("care_fee_full", "护理费足额", "Care fee paid in full", 6, "二（二）第50项", "1"),
            ("reserve_fund", "临时救助备用金制度", "Reserve fund", 6, "二（二）第52项", "1"),
        ],
    ),
    (
        "effect",
        "工作成效",
        "Effect",
        20,
        [
            ("reply_timely", "答复求助及时", "Timely reply", 6, "二（三）第66项", "0.5"),
            ("petition_handling", "信访处置规范", "Petition handling", 8, "二（三）第69项", "1"),
            ("satisfaction", "群众满意率", "Satisfaction", 6, "二（三）第70项", "0.5"),
        ],
    ),
]
INDICATORS = {i[0]: (d[0], *i) for d in SCHEME for i in d[4]}
WORDS_EN = {
    "月度抽查": "monthly sample", "日常监督": "routine supervision", "专项督导": "special supervision",
    "暗访抽查": "unannounced check", "信访投诉": "petition or complaint", "数据比对": "data matching",
    "一般": "minor", "较重": "considerable", "严重": "serious", "镇": "towns", "街道": "subdistricts",
    "农村低保": "rural allowance", "城市低保": "urban allowance", "特困（分散）": "destitute at home",
    "临时救助（急难型）": "emergency assistance",
}  # fmt: skip


def scheme_head() -> dict[str, Any]:
    """The scheme's part of the JSON head."""
    return {
        "id": "jiyuan-quarterly",
        "title": "社会救助审核确认监管季度考核细则（示例）",
        "title_en": "Quarterly scheme for social assistance (example)",
        "document": "济管民〔2023〕43号",
        "hash": "ab" * 32,
        "rules": "cd" * 32,
        "direction": "down",
        "full": "100",
        "base": "0",
        "decimals": 2,
        "round_at": "indicator",
        "effective_from": "2025-01-01",
        "example_notice": "本细则分值为示例，不代表济源市标准。",
        "rectification": {
            "on_time": {"share": "1/2", "extra": "0"},
            "late": {"share": "2/5", "extra": "0"},
            "overdue": {"share": "0", "extra": "0.5"},
        },
        "dimensions": [
            {
                "id": d,
                "label": zh,
                "label_en": en,
                "points": str(p),
                "indicators": [
                    {
                        "id": i,
                        "label": izh,
                        "label_en": ien,
                        "points": str(ip),
                        "clause": c,
                        "kind": "deduct",
                        "cap": str(ip),
                        "basis": "示例",
                    }
                    for i, izh, ien, ip, c, _ in items
                ],
            }
            for d, zh, en, p, items in SCHEME
        ],
        "parts": [{"id": "main", "label": "本期", "weight": "1"}],
        "grades": [
            {
                "id": "excellent",
                "label": "优秀",
                "label_en": "Excellent",
                "at_least": "90",
                "at_most": None,
                "top": None,
                "honour": True,
            },
            {
                "id": "good",
                "label": "良好",
                "label_en": "Good",
                "at_least": "80",
                "at_most": None,
                "top": None,
                "honour": False,
            },
            {
                "id": "pass",
                "label": "合格",
                "label_en": "Pass",
                "at_least": "60",
                "at_most": None,
                "top": None,
                "honour": False,
            },
            {
                "id": "fail",
                "label": "不合格",
                "label_en": "Fail",
                "at_least": None,
                "at_most": None,
                "top": None,
                "honour": False,
            },
        ],
        "grades_by": "bands",
        "smallest_group": None,
        "tie_breakers": 0,
        "gates": [
            {
                "id": "petition_harm",
                "label": "信访处置不当造成恶劣影响",
                "label_en": "Harm from a mishandled petition",
                "effect": "grade_ceiling",
                "grade": "pass",
            }
        ],
        "not_scored": [
            {"id": "sample_30", "label": "每月抽查不低于30%", "clause": "二（一）第29项", "reason": "民政局职责"}
        ],
        "words_en": WORDS_EN,
        "laws_given_up": [],
    }
