"""A seeded corpus of Chinese sentences, with planted personal data and without. All of it is made up.

Identity numbers carry region codes that no person has: 99xxxx, which is nowhere, and 110000, a province's own code,
which stdnum knows but no county's people get. They are computed here and stand in no file.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

from stdnum import luhn
from stdnum.cn import ric

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱郭马罗梁宋郑韩唐董萧程曹袁邓许傅沈吕苏卢蒋蔡贾丁魏薛叶阎潘杜戴夏钟田姜"
GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂兰玉梅国建华红文志海云春凤龙福永新"
COMPOUND = ["欧阳", "司马", "诸葛", "上官", "皇甫"]
ILLNESSES = [
    "糖尿病",
    "高血压",
    "肺癌",
    "尿毒症",
    "精神分裂症",
    "脑梗塞",
    "白血病",
    "乙肝",
    "癫痫",
    "股骨头坏死",
    "肢体残疾二级",
]
TOWNS = ["王屋镇", "克井镇", "沁园街道", "济水街道", "大峪镇", "思礼镇", "梨林镇", "邵原镇"]
VILLAGES = ["马头村", "示例东村", "石槽村", "柳树沟村", "高庄村", "阳光社区", "示例一社区"]
UNSEEN = ["\u200b", "\u200c", "\u2060", "\ufeff", "\u00ad"]


class Planted(NamedTuple):
    """A sentence and the one thing in it: its kind and place; `valid` where checksum or shape proves it."""

    text: str
    kind: str
    start: int
    end: int
    valid: bool


def identity(draw: random.Random, *, valid: bool) -> str:
    region = "110000" if valid else f"99{draw.randrange(10000):04}"
    body = (
        f"{region}{draw.randint(1930, 2022)}{draw.randint(1, 12):02}{draw.randint(1, 28):02}{draw.randrange(1000):03}"
    )
    check = ric.calc_check_digit(body + "0")
    return body + (check if valid else str((int(check, 11 if check != "X" else 34) + 3) % 10))


def mobile(draw: random.Random) -> str:
    begin = f"1{draw.choice('3456789')}{draw.randrange(10)}"
    return f"{begin}{draw.choice(['0000', '0001', '1111'])}{draw.randrange(10000):04}"


def card(draw: random.Random) -> str:
    body = "9" + "".join(str(draw.randrange(10)) for _ in range(draw.choice([14, 17])))
    return body + luhn.calc_check_digit(body)


def landline(draw: random.Random) -> str:
    local = f"{draw.randint(2, 8)}{draw.randrange(1000000):06}"
    form = draw.choice(
        ["0391-{}", "（0391）{}", "0391 {}", "0391{}", "(0391){}", "0391—{}", "0391-{}转801", "0391-{}-12"]
    )
    return form.format(local)


def name(draw: random.Random) -> str:
    surname = draw.choice(COMPOUND) if draw.random() < 0.03 else draw.choice(SURNAMES)
    return surname + "".join(draw.choice(GIVEN) for _ in range(draw.choice([1, 2, 2])))


def wide(number: str) -> str:
    return number.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)})


def grouped(number: str, sizes: tuple[int, ...], gap: str) -> str:
    parts, at = [], 0
    for size in sizes:
        parts.append(number[at : at + size])
        at += size
    return gap.join([*parts, number[at:]] if at < len(number) else parts)


def spellings(number: str, draw: random.Random) -> Iterator[str]:
    """Every spacing and width that one number is written in."""
    sizes = {11: [(3, 4, 4), (3, 8), (7, 4), (3, 3, 5), (4, 3, 4)], 18: [(6, 8, 4), (6, 4, 4, 4), (6, 4, 2, 2, 4)]}
    yield number
    yield wide(number)
    for gap in (" ", "-", "－", "　", "—", "\u00a0", " - ", "\n", "\r\n", "  ", "‐"):
        for some in sizes[len(number)]:
            yield grouped(number, some, gap)
            yield wide(grouped(number, some, gap))
    for gap in (" ", *UNSEEN):
        yield gap.join(number)
    for gap in UNSEEN:
        at = draw.randrange(1, len(number))
        yield number[:at] + gap + number[at:]
    at = draw.randrange(4, len(number) - 2)
    yield number[:at] + "\n" + number[at:]
    yield number[:at] + " " + number[at:]
    yield "".join(wide(sign) if draw.random() < 0.5 else sign for sign in number)
    if number.endswith("X"):
        yield number.lower()
        yield wide(number.lower())


# {} is what is planted. Each sentence reads on its own.
FRAMES: dict[str, list[str]] = {
    "identity": [
        "核对系统显示{}与公安数据不一致。",
        "身份证号{}录入错误",
        "公示栏贴出身份证号：{}，超出公示范围",
        "申请表上的{}未核实。",
        "经比对，身份证{}已注销仍在发放",
        "问题编号2025Q1-012涉及的公民身份号码为{}，金额1,200.50元",
        "{}",
        "该户（{}）3月未复核",
    ],
    "telephone": [
        "联系电话{}无法接通",
        "公示材料印有{}，应删除",
        "拨打{}核实，对方称不知情。",
        "手机号：{}",
        "来电人留下的号码是{}。",
        "2025年3月12日电话回访（{}）无人接听，419-2025-0012",
        "{}",
        "低保专干手机{}，请更正",
    ],
    "bank": ["低保金打入{}，与档案不符", "银行卡号{}有误", "账号：{}", "一卡通{}未激活。", "发放账户为{}，户名不一致"],
    "name": [
        "户主{}未签字",
        "申请人：{}，材料不全",
        "其子{}名下有车辆",
        "配偶{}死亡未报告",
        "经办人{}与低保对象系近亲属",
        "联系人：{}",
        "经查，{}家庭收入超过标准",
        "村民{}反映未公示",
        "{}同志未参加培训",
        "低保对象{}已去世仍在发放",
        "发现{}户人均收入超标",
        "马头村{}等人代签",
        "由{}代领低保金",
    ],
    "address": [
        "入户核查克井镇马头村{}，无人在家",
        "家住阳光小区{}",
        "示例一社区{}公示栏缺失",
        "沁园街道黄河路{}有住房一套",
    ],
    "illness": ["患{}，医疗支出较大", "其子患有{}未申报", "公示内容写明{}，超出范围", "因{}住院，急难救助超时"],
}
HOUSES = ["3组12号", "二组", "12号", "3号楼2单元501", "5号楼", "第三居民组8号", "１２号", "3栋1单元"]
MAKERS: dict[str, Callable[[random.Random], str]] = {
    "bank": card,
    "name": name,
    "address": lambda draw: draw.choice(HOUSES),
    "illness": lambda draw: draw.choice(ILLNESSES),
}


def _frame(kind: str, number: int, thing: str, *, valid: bool) -> Planted:
    before, after = FRAMES[kind][number % len(FRAMES[kind])].split("{}")
    return Planted(f"{before}{thing}{after}", kind, len(before), len(before) + len(thing), valid)


def planted(seed: int = 20250331) -> list[Planted]:
    """Return the sentences with one thing in each: numbers in every spelling, 1,200 and more."""
    draw = random.Random(seed)
    made: list[Planted] = []
    for turn in range(8):
        for valid in (True, False):
            for place, thing in enumerate(spellings(identity(draw, valid=valid), draw)):
                made.append(_frame("identity", place + turn, thing, valid=valid))
        for place, thing in enumerate(spellings(mobile(draw), draw)):
            made.append(_frame("telephone", place + turn, thing, valid=True))
    made.extend(_frame("telephone", place, landline(draw), valid=False) for place in range(200))
    for kind, make in MAKERS.items():
        made.extend(_frame(kind, place, make(draw), valid=False) for place in range(200))
    return made


PLAIN = [
    "问题编号{finding}，{town}整改到位",
    "依据{document}第{clause}条扣{points}分",
    "涉及金额{amount}元，已追回{amount}元",
    "{town}{village}{finding}号问题逾期未销号",
    "截至{day}，抽查{count}户，合格率{rate}%",
    "{document}要求每月核查不低于30%",
    "案件{case}已办结，见{document}",
    "{town}高度重视，于{day}召开会议，方法得当",
    "第{clause}项、{clause}目，权重{rate}％",
    "W{count}、{finding}、{finding}三项合并",
    "低保金{amount}元、临时救助{amount}元，合计{amount}元",
    "{day}至{day}公示期不足七天，{town}未整改",
    "总额{long}分，折合{amount}元",
    "户主姓名填写不完整，申请人未签字，{day}退回",
    "经办人员近亲属备案不全，共{count}人",
    "户主高龄，其子常年外出，联系人空缺，{finding}",
    "马头村高度重视，张某、李某某已销号（{finding}）",
    "申请人于{day}提交，何时办结不明",
    "公示编号{finding}，版本{day}，金额￥{amount}",
    "得分{points}、{points}、{points}，第{count}名",
    "{town}2023-2024 2025-2026两年度对比，{rate}%",
    "任务清单{finding}；附件{count}；{document}附表{clause}",
    "电话回访率{rate}%，{finding}",
    "身份证复印件过期，{day}前补正，编号{case}",
    "银行账户信息为空，涉及{count}户{amount}元",
    "金额大写不符，{amount}元写成{amount}元",
    "12345热线转办件{case}已答复，{town}满意",
    "社会救助资金{long}元，人均{amount}元",
]


def without(count: int = 1400, seed: int = 20250630) -> list[str]:
    """Return sentences of finding numbers, amounts, document numbers, days and rates, none of a person."""
    draw = random.Random(seed)

    def finding() -> str:
        n, year = draw.randrange(1, 400), draw.choice([2023, 2024, 2025])
        forms = [
            f"{year}Q{draw.randint(1, 4)}-{n:03}",
            f"419-{year}-{n:04}",
            f"W{n}",
            f"JY-{year}Q1-{n:03}-{draw.randrange(100):03}",
            f"{year}{draw.randint(1, 12):02}{draw.randint(1, 28):02}{n:03}",
            f"419001{draw.randrange(100, 111)}-{year}-{n:03}",
            f"示例-{n:04}",
            f"0391-{year}-{n:04}",
        ]
        return draw.choice(forms)

    def amount() -> str:
        yuan = draw.choice([draw.randrange(10, 5000), draw.randrange(10**6, 10**8), draw.randrange(10**10, 10**11)])
        return draw.choice([f"{yuan:,}.{draw.randrange(100):02}", f"{yuan}", f"{yuan}.5", f"{yuan:,}"])

    def day() -> str:
        y, m, d = draw.choice([2024, 2025]), draw.randint(1, 12), draw.randint(1, 28)
        return draw.choice(
            [f"{y}年{m}月{d}日", f"{y}-{m:02}-{d:02}", f"{y}.{m}.{d}", f"{y}{m:02}{d:02}", f"{m}月{d}号"]
        )

    def fill(pattern: str) -> str:
        makers: dict[str, Callable[[], str]] = {
            "finding": finding,
            "amount": amount,
            "day": day,
            "town": lambda: draw.choice(TOWNS),
            "village": lambda: draw.choice(VILLAGES),
            "document": lambda: (
                f"{draw.choice(['济管民', '豫民文', '民发'])}〔{draw.randint(2016, 2025)}〕{draw.randint(1, 300)}号"
            ),
            "clause": lambda: draw.choice(["一（三）", "二（一）3", "三、（二）", "4.2.1", "（五）"]),
            "points": lambda: f"{draw.randrange(0, 100)}.{draw.randrange(100):02}",
            "count": lambda: str(draw.randrange(1, 200)),
            "rate": lambda: f"{draw.randrange(0, 100)}.{draw.randrange(10)}",
            "case": lambda: f"（{draw.randint(2020, 2025)}）豫9001行初{draw.randrange(1, 999)}号",
            "long": lambda: str(draw.randrange(10**10, 10**11)),
        }
        # Each hole has a draw of its own.
        while "{" in pattern:
            hole = pattern[pattern.index("{") + 1 : pattern.index("}")]
            pattern = pattern.replace(f"{{{hole}}}", makers[hole](), 1)
        return pattern

    return [fill(PLAIN[place % len(PLAIN)]) for place in range(count)]
