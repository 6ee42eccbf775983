"""The report beside a file of the feed, for a clerk at the station: plain text, one line per reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from templates.refusals import refusal_text
from templates.shown import clean, when

_TRIED_AGAIN = "平台会自动再试：所缺的前一环节报来，或者号码更正以后，这一行会自动登记，不用重新上报。"
_BREAK = "\r\n"  # the editors of station computers want both


@dataclass(frozen=True)
class ReportedLine:
    """A line that is not in: its number in the file (the header is line 1), why, and whether it is tried again."""

    number: int
    code: str
    facts: Mapping[str, Any]
    tried_again: bool


def batch_text(
    *,
    batch: str,
    made_at: datetime,
    now: datetime,
    announced: int,
    found: int,
    taken: int,
    known: int,
    lines: Sequence[ReportedLine],
    hidden: int,
    stopped: str | None,
) -> str:
    """The report of a batch that was read."""
    told = [
        f"批次：{batch}",
        f"导出时间：{when(made_at)}",
        f"处理时间：{when(now)}",
        f"共{found}行：已登记{taken}行，以前已登记过{known}行，暂未登记{len(lines) + hidden}行。",
    ]
    if announced != found:
        told.append(f"注意：文件头写明{announced}行，实际{found}行。请核对导出是否完整；已登记的不受影响。")
    if stopped:
        told.append(f"本批次没有处理完：{_reason(stopped, {})}")
    told.extend(_line(line) for line in lines)
    if hidden > 0:
        told.append(f"另有{hidden}行未列出，请联系平台管理员查看。")
    if not lines and not hidden and not stopped:
        told.append("全部处理完毕，不需要再做什么。")
    return _BREAK.join(told) + _BREAK


def refused_text(*, name: str, code: str, facts: Mapping[str, Any], now: datetime) -> str:
    """The report of a file that was refused whole."""
    told = [
        f"文件：{clean(name)}",
        f"处理时间：{when(now)}",
        "整份退回，一行也没有登记。",
        f"原因：{_reason(code, facts)}",
    ]
    return _BREAK.join(told) + _BREAK


def _line(line: ReportedLine) -> str:
    if not line.tried_again:
        return f"第{line.number}行：{_reason(line.code, line.facts)}"
    text = refusal_text(line.code, line.facts, audience="counter")
    return f"第{line.number}行：{text.title}。{text.detail}{_TRIED_AGAIN}"


def _reason(code: str, facts: Mapping[str, Any]) -> str:
    text = refusal_text(code, facts, audience="counter")
    return f"{text.title}。{text.detail}{text.advice}"
