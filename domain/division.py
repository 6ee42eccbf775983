"""Administrative divisions (GB/T 2260): provinces, cities, counties, with the day of the data.

The table holds today's divisions with the pinyin of their names (ü as v). It helps a person choose a place and says
which places belong together; it never judges the first six digits of an identity number, which may name a county
abolished long ago (B31).
"""

import csv
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files

from domain.refusal import Refusal

DATA_DAY = date(2023, 6, 30)
"""The day the bundled statistics-bureau table describes; ``division_changes.csv`` adds later changes, dated."""

CORPS = "660000"
"""新疆生产建设兵团: an organisation of its own beside the provinces (R010)."""

OUTSIDE_MAINLAND = frozenset({"710000", "810000", "820000"})

_STAND_INS = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})
"""City-level rows that group counties without being a city anyone would name."""

_ONE_CHARACTER_NAMES = {
    "11": "京", "12": "津", "13": "冀", "14": "晋", "15": "蒙", "21": "辽", "22": "吉", "23": "黑",
    "31": "沪", "32": "苏", "33": "浙", "34": "皖", "35": "闽", "36": "赣", "37": "鲁",
    "41": "豫", "42": "鄂", "43": "湘", "44": "粤", "45": "桂", "46": "琼",
    "50": "渝", "51": "川蜀", "52": "贵黔", "53": "云滇", "54": "藏",
    "61": "陕秦", "62": "甘陇", "63": "青", "64": "宁", "65": "新", "66": "新",
    "71": "台", "81": "港", "82": "澳",
}  # fmt: skip
_PROVINCE_SUFFIXES = ("维吾尔自治区", "回族自治区", "壮族自治区", "特别行政区", "自治区", "省", "市")
_PLACE_SUFFIXES = ("自治州", "地区", "林区", "新区", "市", "县", "区", "盟", "州", "旗")


class Level(StrEnum):
    """The three levels of the table."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"


@dataclass(frozen=True)
class Division:
    """One place: six-digit code, own name, level, the province it belongs to and, for cities and counties, the city."""

    code: str
    name: str
    level: Level
    province: str
    city: str | None
    pinyin: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        """广东省深圳市福田区; grouping rows that nobody says aloud are left out."""
        names: list[str] = []
        for code in (self.province, self.city, self.code):
            name = _table()[code].name if code else ""
            if name and name not in _STAND_INS and name not in names:
                names.append(name)
        return "".join(names)

    @property
    def prefix(self) -> str:
        """The digits that all places inside this one share (2, 4 or 6)."""
        return {Level.PROVINCE: self.code[:2], Level.CITY: self.code[:4], Level.COUNTY: self.code}[self.level]

    def contains(self, other: "Division") -> bool:
        """True when ``other`` is this place or lies inside it."""
        return other.code.startswith(self.prefix)


def find_division(code: str) -> Division:
    """The division with this 2-, 4- or 6-digit code. Raises Refusal ``division_unknown``."""
    digits = unicodedata.normalize("NFKC", code).strip()
    full = digits + "0" * (6 - len(digits)) if len(digits) in (2, 4, 6) else digits
    division = _table().get(full)
    if division is None:
        raise Refusal("division_unknown", source="B31", division=digits[:12])
    return division


def name_of_region(code: str) -> str | None:
    """The place the first six digits of an identity number name: today's, an abolished one, or at least the province.

    None only where not even the province is known; nobody is refused for that (B31).
    """
    table = _table()
    if code in table:
        return table[code].full_name
    province = table.get(code[:2] + "0000")
    return _retired().get(code) or (province.name if province else None)


def is_division(code: str) -> bool:
    """True when the table has this 2-, 4- or 6-digit code."""
    return len(code) in (2, 4, 6) and code + "0" * (6 - len(code)) in _table()


def same_province(a: Division, b: Division) -> bool:
    """True when both belong to one province (兵团 counts as its own, R010)."""
    return a.province == b.province


def has_counties(division: Division) -> bool:
    """False for cities without county level (东莞, 中山, 儋州) and for counties themselves."""
    return division.code in _with_something_inside()


def province_short_names(code: str) -> tuple[str, ...]:
    """The names and common short names an address may begin with (R134): 江西省, 江西, 赣."""
    province = find_division(code[:2])
    names = [province.name, _bare(province.name, _PROVINCE_SUFFIXES), *_ONE_CHARACTER_NAMES[province.code[:2]]]
    if province.code == CORPS:
        names += ["兵团", "新疆维吾尔自治区", "新疆"]
    return tuple(dict.fromkeys(names))


def search_divisions(text: str, limit: int = 20) -> tuple[Division, ...]:
    """Places whose code or pinyin (whole or first letters) starts with the text, or whose name or full name holds it.

    Nearest and largest first; ü is typed as v, u or ü.
    """
    wanted = "".join(unicodedata.normalize("NFKC", text).replace("'", "").split()).lower()
    if not wanted:
        return ()
    if wanted.replace("ü", "v").isascii() and wanted.replace("ü", "v").isalpha():
        return _by_pinyin(wanted.replace("ü", "v"), limit)
    found = [(rank, d) for d in _table().values() if (rank := _rank(d, wanted)) is not None]
    return tuple(d for _, d in sorted(found, key=lambda pair: (pair[0], pair[1].code))[:limit])


def children(division: Division) -> tuple[Division, ...]:
    """The next level inside a place, as a picker shows it; grouping rows are stepped over."""
    inside = [d for d in _inside(division) if d is not division]
    cities = [d for d in inside if d.level is Level.CITY and d.name not in _STAND_INS]
    named = {d.code for d in cities}
    loose = [d for d in inside if d.level is Level.COUNTY and d.city not in named]
    return tuple(cities + loose)


def provinces() -> tuple[Division, ...]:
    """All organisations of province rank, 兵团 included."""
    return tuple(d for d in _table().values() if d.level is Level.PROVINCE)


def starts_with_place(text: str, province: str | None = None) -> bool:
    """True when the text begins with a city or county of the table (of one province, if given), suffix or not."""
    names = _place_names(province)
    return any(text[:length] in names for length in range(2, 16))


def _inside(division: Division) -> Iterator[Division]:
    return (d for d in _table().values() if division.contains(d))


def _by_pinyin(typed: str, limit: int) -> tuple[Division, ...]:
    found = [(rank, d) for d in _table().values() if (rank := _pinyin_rank(d, typed)) is not None]
    return tuple(d for _, d in sorted(found, key=lambda pair: (pair[0], pair[1].code))[:limit])


def _pinyin_rank(division: Division, typed: str) -> tuple[int, int] | None:
    """The whole name before its beginning, spelling before first letters, and larger places first."""
    if division.name in _STAND_INS:
        return None
    level = ("province", "city", "county").index(division.level)
    spelt, letters = _spelt(division)
    bare = len(_bare(_bare(division.name, _PROVINCE_SUFFIXES), _PLACE_SUFFIXES))
    wholes = {"".join(division.pinyin[:bare]), spelt}
    if typed in wholes | {whole.replace("v", "u") for whole in wholes}:
        return 0, level
    if spelt.startswith(typed) or spelt.replace("v", "u").startswith(typed):
        return 1, level
    if typed in {letters, letters[:bare]}:
        return 2, level
    return (3, level) if len(typed) > 1 and letters.startswith(typed) else None


def _spelt(division: Division) -> tuple[str, str]:
    return "".join(division.pinyin), "".join(syllable[0] for syllable in division.pinyin)


def _rank(division: Division, wanted: str) -> int | None:
    if division.name in _STAND_INS:
        return None
    if division.code.startswith(wanted):
        return 0
    if division.name.startswith(wanted):
        return 1 + ("province", "city", "county").index(division.level)
    bare = _spoken_name(division)
    return 4 if wanted in division.name else 5 if wanted in division.full_name or wanted in bare else None


def _spoken_name(division: Division) -> str:
    parents = [_table()[code] for code in (division.province, division.city) if code and code != division.code]
    spoken = [_bare(_bare(p.name, _PROVINCE_SUFFIXES), _PLACE_SUFFIXES) for p in parents if p.name not in _STAND_INS]
    return "".join([*spoken, division.name])


def _bare(name: str, suffixes: tuple[str, ...]) -> str:
    for suffix in suffixes:
        if name.endswith(suffix) and len(name) - len(suffix) >= 2:
            return name.removesuffix(suffix)
    return name


@cache
def _place_names(province: str | None) -> frozenset[str]:
    wanted = [
        d
        for d in _table().values()
        if d.level is not Level.PROVINCE and d.name not in _STAND_INS and province in (None, d.province)
    ]
    return frozenset({d.name for d in wanted} | {_bare(d.name, _PLACE_SUFFIXES) for d in wanted})


@cache
def _table() -> Mapping[str, Division]:
    return {code: _division(code, name, tuple(pinyin.split())) for code, name, pinyin in _rows()}


def _rows() -> Iterator[tuple[str, str, str]]:
    data = files("domain.data")
    for file in ("divisions.csv", "division_changes.csv"):
        with data.joinpath(file).open(encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                yield row["code"], row["name"], row["pinyin"]


@cache
def _with_something_inside() -> frozenset[str]:
    counties = {d.city for d in _table().values() if d.level is Level.COUNTY and d.city in _table()}
    provinces = {d.province for d in _table().values() if d.level is not Level.PROVINCE}
    return frozenset(code for code in counties | provinces if code)


@cache
def _retired() -> Mapping[str, str]:
    with files("domain.data").joinpath("retired_divisions.csv").open(encoding="utf-8") as lines:
        return {row["code"]: row["full_name"] for row in csv.DictReader(lines)}


def _division(code: str, name: str, pinyin: tuple[str, ...]) -> Division:
    if code.endswith("0000"):
        return Division(code, name, Level.PROVINCE, code, None, pinyin)
    level = Level.CITY if code.endswith("00") else Level.COUNTY
    return Division(code, name, level, code[:2] + "0000", code[:4] + "00", pinyin)
