"""Each kind by hand: what is found, what takes its place, and what looks like it and is left alone."""

from __future__ import annotations

import pytest
from stdnum.cn import ric

from scoring.redaction import Hit, Words, find, redact

WORDS = Words(own=frozenset({"青松计划"}), allow=frozenset({"王屋镇", "王屋", "马头村", "0391-6633000", "高血压管理"}))


@pytest.mark.parametrize(
    ("given", "masked"),
    [
        # identity numbers, all of a region that is none
        ("身份证990102199001011234。", "身份证990*************34。"),
        ("身份证９９０１０２１９９００１０１１２３Ｘ", "身份证９９０*************３Ｘ"),
        ("990102 19900101 1234", "990***************34"),
        ("990102－1990－0101－1234", "990****************34"),
        ("99010219900\n1011234", "990**************34"),
        ("990102\u200b199001011234", "990**************34"),
        ("旧证990102900101123", "旧证990**********23"),
        ("残疾证号99010219900101123443", "残疾证号990***************43"),
        ("身份证号：9901021990010112", "身份证号：990***********12"),
        # telephones
        ("电话19900001111", "电话199******11"),
        ("+86 199-0000-1111", "+86************11"),
        ("1 9 9 0 0 0 0 1 1 1 1", "1 9**************** 1"),
        ("一九九〇〇〇〇一一一一", "一九九******一一"),
        ("座机0391-6633123", "座机039*******23"),
        ("（0391）6633123", "（03********23"),
        ("0391-6633123转801", "039***********01"),
        ("0391-6633123转分机12", "039************12"),
        ("拨打400-663-3123", "拨打400*******23"),
        ("电话：6633123", "电话：663**23"),
        # bank
        ("卡号9999000000000000000", "卡号999**************00"),
        ("账号：1234567890123", "账号：123********23"),
        ("一卡通62220212345678", "一卡通622*********78"),
        # names
        ("户主张三未签字", "户主张某某未签字"),
        ("申请人：李　四，", "申请人：李某某，"),
        ("其子王建国外出", "其子王某某外出"),
        ("配偶欧阳修文死亡", "配偶欧阳某某死亡"),
        ("户主张三、李四、王五均外出", "户主张某某、李某某、王某某均外出"),
        ("户主张伟和李娜均未签", "户主张某某和李某某均未签"),
        ("户主李永和未签字", "户主李某某未签字"),
        ("联系人：买买提·艾力", "联系人：买某某"),
        ("经查，李秀英家庭收入超标", "经查，李某某家庭收入超标"),
        ("赵国强书记代签", "赵某某书记代签"),
        ("户主于海波未签字", "户主于某某未签字"),
        ("马头村3组张伟户未公示", "马头村某处张某某户未公示"),
        # addresses
        ("克井镇马头村3组12号", "克井镇马头村某处"),
        ("阳光小区3号楼2单元501", "阳光小区某处"),
        ("住3栋2单元301室", "住某处"),
        ("住址：济源市克井镇马头村北街东头第三家。", "住址：济源市克井镇马头村某处。"),
        ("黄河路１２号", "黄河路某处"),
        # illness and the bureau's own words
        ("患糖尿病、晚期肺癌", "患某种疾病、某种疾病"),
        ("肢体残疾二级", "某类残疾"),
        ("列入青松计划的家庭", "列入〔已隐去〕的家庭"),
    ],
)
def test_what_is_found_is_masked(given, masked):
    assert redact(given, WORDS)[0] == masked
    assert redact(masked, WORDS) == (masked, [])


@pytest.mark.parametrize(
    "text",
    [
        "2025Q1-012、419-2025-0012、W3、JY-2025Q1-001-003、20250301001、0391-2025-0012",
        "1,200.50元、12345678901分、13800000000元、金额15900000000，￥13800000000",
        "济管民〔2023〕43号、（2025）豫9001行初12号、一（三）、第4.2.1条",
        "2025-03-31至2025-04-15、2025年3月12号、20250301、2023-2024 2025-2026、98.5%、100％",
        "电话2025-03-01回访，账户20250301开立，账户余额12345678元",
        "流水号2025030100012345、批次202503010000000012",
        "0.13900001111",
        "王屋镇高度重视，马头村何时整改，方法不当",
        "户主高度近视，申请人方可办理，经办人任意取消，联系人空缺，其子成年，低保对象白条领款",
        "张某、李某某未签字，户主张某某已签",
        "高收入家庭、单亲家庭、边缘家庭、成员家庭、党委书记、纪委书记、常务副镇长、安全科长、高龄老人",
        "申请人于当日提交，户主姓名漏填，配偶关系不明，亲属关系未核",
        "每村一组、2个组、3户、3月12号上报、附件3号、沁园街道12号报送",
        "精神病院、重度残疾人护理补贴、高血压管理",
        "地址：未填写；住址：不详",
        "热线0391-6633000",
        "联系人王屋镇民政所",
        "",
    ],
)
def test_what_only_looks_like_it_is_left_alone(text):
    assert redact(text, WORDS) == (text, [])


def test_hits_are_places_in_the_given_text():
    text = "户主张三，电话１９９ ００００ １１１１，住马头村3组，患癫痫，青松计划"
    hits = find(text, WORDS)
    parts = [(hit.kind, text[hit.start : hit.end]) for hit in hits]
    assert parts == [
        ("name", "张三"),
        ("telephone", "１９９ ００００ １１１１"),
        ("address", "3组"),
        ("illness", "癫痫"),
        ("word", "青松计划"),
    ]
    assert hits == sorted(hits, key=lambda hit: hit.start)


def test_a_number_that_stdnum_proves_is_found_where_shape_alone_would_not_do():
    """Cut into groups that no rule knows; made here, of a code that no person has."""
    body = "11000019500101001"
    number = body + ric.calc_check_digit(body + "0")
    assert ric.is_valid(number)
    spread = f"{number[:2]} {number[2:9]}-{number[9:16]} {number[16:]}"
    assert [hit.kind for hit in find(f"编号{spread}", WORDS)] == ["identity"]


def test_of_overlapping_finds_the_longer_is_the_one():
    assert find("张三丰收", Words(own=frozenset({"三丰", "三丰收"}))) == [Hit("word", 1, 4)]


def test_an_allowed_word_wins_over_the_bureaus_own():
    assert find("王屋山", Words(own=frozenset({"王屋"}), allow=frozenset({"王屋山"}))) == []


@pytest.mark.parametrize("province", range(10, 100))
def test_no_region_makes_stdnum_stumble(province):
    """A code that stdnum knows without a county makes its `is_valid` raise KeyError."""
    body = f"{province}000019500101001"
    number = body + ric.calc_check_digit(body + "0")
    assert find(f"（{number}）", Words()) == [Hit("identity", 1, 19)]


def test_a_long_address_is_masked_to_its_end():
    text = "住址：马头村" + "北街东头" * 20 + "，3月复核"
    assert redact(text, WORDS)[0] == "住址：马头村某处，3月复核"
