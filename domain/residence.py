"""Addresses as the registration form wants them (R134–R136, R079)."""

import re
import unicodedata
from dataclasses import dataclass

from domain import division as divisions
from domain.division import Division
from domain.refusal import Refusal

CARD_LENGTH = 35  # characters the card's chip holds for 住址 (B38)
_SHORTEST_DETAIL = 4  # after the province name: less can't be a 详细地址 (R134)
_LONGEST = 200
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zs", "Zl", "Zp"})
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if chr(code - 0xFEE0).isalnum()} | {0xFF0D: ord("-")}
_UNIT_WORDS = re.compile(
    r"(?:公司|集团|大学|学院|学校|中学|小学|医院|工厂|厂|研究院|研究所|委员会|局|中心|银行|支队|部队)$"
)


@dataclass(frozen=True)
class Address:
    """A usable address and what the applicant should still look at (codes, not sentences)."""

    text: str
    warnings: tuple[str, ...]


def check_address(text: str, division: Division, *, collective: bool = False) -> Address:
    """Take an address that starts with the province of ``division``, stored as NFC without blanks.

    Raises Refusal ``address_missing``, ``address_too_long``, ``address_without_province`` (R134, R136),
    ``address_other_province`` or ``address_not_detailed``. Warns with ``address_over_card_length`` (B38) and, for a
    collective household, ``collective_address_names_unit`` (R135).
    """
    address = normalise_address(text)
    expected = divisions.province_short_names(division.province)
    stated = _stated_province(address)
    if stated is None:
        raise Refusal("address_without_province", source="R134", accepted="、".join(expected))
    province, prefix = stated
    if prefix not in expected:
        other = divisions.find_division(province).name
        expected_name = divisions.find_division(division.province).name
        raise Refusal("address_other_province", source="R134", stated=other, expected=expected_name)
    if len(address) - len(prefix) < _SHORTEST_DETAIL:
        raise Refusal("address_not_detailed", source="R134")
    return Address(address, _warnings(address, collective=collective))


def check_post_address(text: str) -> str:
    """An address a letter finds (R113): province first, then the details, whatever the province.

    Raises Refusal ``address_missing``, ``address_too_long``, ``post_address_without_province`` or
    ``address_not_detailed``.
    """
    address = normalise_address(text)
    stated = _stated_province(address)
    if stated is None:
        raise Refusal("post_address_without_province", source="R113")
    if len(address) - len(stated[1]) < _SHORTEST_DETAIL:
        raise Refusal("address_not_detailed", source="R113")
    return address


def normalise_address(text: str) -> str:
    """NFC, no blanks or invisible characters, full-width letters and digits made narrow; nothing else is touched."""
    visible = "".join(c for c in text if unicodedata.category(c) not in _INVISIBLE)
    address = unicodedata.normalize("NFC", visible).translate(_WIDE)
    if not address:
        raise Refusal("address_missing", source="R134")
    if len(address) > _LONGEST:
        raise Refusal("address_too_long", source="R079", most=_LONGEST)
    return address


def _stated_province(address: str) -> tuple[str, str] | None:
    """The province an address begins with and the characters that say so.

    赣州市…, 海南藏族自治州… or 吉林市… begin with a city, not with a province, whatever their first character.
    """
    names = [(p.code, name) for p in divisions.provinces() for name in divisions.province_short_names(p.code)]
    for code, name in sorted(names, key=lambda pair: -len(pair[1])):
        if address.startswith(name) and _means_province(address, code, name):
            return code, name
    return None


def _means_province(address: str, code: str, name: str) -> bool:
    if name == divisions.find_division(code).name:
        return True
    if divisions.starts_with_place(address.removeprefix(name), province=code):
        return True
    if len(name) == 1:
        return not divisions.starts_with_place(address)
    return not any(address.startswith(name + suffix) for suffix in ("市", "州", "藏族"))


def _warnings(address: str, *, collective: bool) -> tuple[str, ...]:
    warnings = []
    if len(address) > CARD_LENGTH:
        warnings.append("address_over_card_length")
    if collective and _UNIT_WORDS.search(address):
        warnings.append("collective_address_names_unit")
    return tuple(warnings)
