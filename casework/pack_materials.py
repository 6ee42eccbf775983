"""What travels to the household station: sheets for people, data for machines, in one archive (R164, R168, R169)."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any

from casework.callers import Officer
from casework.deps import Deps
from casework.read_letter import archive
from casework.serve import case_at_counter, insist_clerk
from casework.step import insist_item
from casework.track import asked_matters
from domain.division import find_division
from domain.local_time import day_of
from domain.refusal import Refusal
from domain.terms import CaseState, ServiceItem, TransmissionPurpose
from models.case import Case
from models.certificate import certificate_of
from templates.certificate_pdf import certificate_title, print_sheet
from templates.labels import label

_BEFORE = frozenset({CaseState.ACCEPTED, CaseState.TRANSMITTED, CaseState.UNDER_REVIEW})


@dataclass(frozen=True)
class Package:
    """The archive, a name for the file, and the SHA-256 that goes into the record of the transmission."""

    name: str
    archive: bytes

    @property
    def digest(self) -> str:
        """SHA-256, hexadecimal: the same case packs to the same bytes."""
        return sha256(self.archive).hexdigest()


async def materials_to_send(deps: Deps, officer: Officer, number: str) -> Package:
    """The package that is due now: to be verified, or once issued on the spot, for the files. The reading is on record.

    Raises:
        Refusal: ``case_of_other_station``, ``step_out_of_order``, ``nothing_to_send``.
    """
    insist_clerk(officer)
    case = await case_at_counter(deps, officer, number, "read_materials")
    insist_item(case, ServiceItem.HOUSEHOLD_CERTIFICATE)
    issued = await certificate_of(case.id)
    if case.state not in _BEFORE and (issued is None or issued.issued_at is None):
        raise Refusal("nothing_to_send", source="R164")
    purpose = TransmissionPurpose.VERIFICATION if case.state in _BEFORE else TransmissionPurpose.FILING
    return await pack(deps, case, purpose, unit=officer.point_name or "")


async def pack(deps: Deps, case: Case, purpose: TransmissionPurpose, *, unit: str) -> Package:
    """Put the package of a case together; nothing in it depends on when that is done."""
    if purpose is TransmissionPurpose.VERIFICATION:
        files = {"request.pdf": await _request(deps, case, unit)}
    else:
        files = await _filing(deps, case, unit)
    data = json.dumps(_data(case, purpose, unit), ensure_ascii=False, indent=1, sort_keys=True).encode()
    return Package(f"{purpose}-{case.number}.zip", archive({**files, "data.json": data}))


async def _request(deps: Deps, case: Case, unit: str) -> bytes:
    return await _sheet(
        deps, case, unit,
        title="户籍事项查证请求",
        paragraphs=(
            "以下申请人在我所申请开具户籍事项证明（“跨省通办”），身份和申领条件已当场核验。",
            "请在收到之日起5个工作日内完成身份信息查证，并把可以证明的内容通过传真等方式反馈我所。",
        ),
        rows={**_who(case), "申请证明事项": matters_in_words(case), "查证结果（证明内容）": "", "查证人、日期": ""},
        notes=("无法查证身份或者信息不一致的，请写明情况，由我所告知申请人到户籍地派出所办理。",),
    )  # fmt: skip


async def _filing(deps: Deps, case: Case, unit: str) -> dict[str, bytes]:
    certificate = await certificate_of(case.id)
    assert certificate is not None
    assert certificate.number is not None
    assert certificate.pdf is not None
    notice = await _sheet(
        deps, case, unit,
        title="户籍事项证明出具情况备案",
        paragraphs=("我所已通过全国人口信息系统现场为以下申请人出具户籍事项证明，现将出具情况反馈备案。",),
        rows={**_who(case), "证明名称": certificate_title(certificate.way), "证明编号": certificate.number,
              "证明内容": "；".join(certificate.content.splitlines())},
        notes=("所附证明文件未盖章，仅供备案。",),
    )  # fmt: skip
    return {"notice.pdf": notice, "certificate.pdf": certificate.pdf}


async def _sheet(
    deps: Deps, case: Case, unit: str, *, title: str, paragraphs: tuple[str, ...], rows: Mapping[str, str],
    notes: tuple[str, ...],
) -> bytes:  # fmt: skip
    to = f"{find_division(case.household_division).full_name} 户籍地派出所："
    sheet = partial(
        print_sheet, title=title, to=to, paragraphs=paragraphs, rows=rows, unit=unit, number=case.number,
        moment=case.opened_at, day=day_of(case.opened_at), notes=notes, font_paths=deps.settings.fonts,
    )  # fmt: skip
    return (await asyncio.to_thread(sheet)).pdf


def matters_in_words(case: Case) -> str:
    """Everything that is asked for, as one phrase."""
    other = str(case.form.get("other_matter") or "")
    return "、".join([*map(label, asked_matters(case)), *([other] if other else [])])


def _who(case: Case) -> dict[str, str]:
    form = case.form
    return {
        "申请人姓名": form["name"],
        "公民身份号码": form["identity_number"],
        "户籍登记地址": form["household_address"],
        "现居住地址": form["residence_address"],
        "联系电话": form["phone"],
    }


def _data(case: Case, purpose: TransmissionPurpose, unit: str) -> dict[str, Any]:
    form = case.form
    return {
        "purpose": purpose,
        "case_number": case.number,
        "from_unit": unit,
        "household_division": case.household_division,
        "applicant": {name: form[name] for name in ("name", "identity_number", "household_address", "phone")},
        "matters": [matter.value for matter in asked_matters(case)],
        "other_matter": form.get("other_matter") or None,
    }
