"""What police systems report (hops 7, 8 and the postal end), what the person is told of it, and the end."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from tests.journeys.expect import has, lacks, same
from tests.journeys.invented import day_in_china, make_waybill, now, today
from tests.journeys.players import StationSystem
from tests.journeys.steps_counter import insist_later_check
from tests.journeys.time_limits import LATER_CHECK, last_day
from tests.journeys.walk import Walk


async def review_started(walk: Walk) -> None:
    """The household place has the papers: its clock runs (R090, R093), chosen by its own province (R091)."""
    at = now()
    receipt = await _report(walk, walk.plot.household_system, "review_started", "under_review", at)
    limit = walk.plot.review
    due, unknown = last_day(limit, day_in_china(at))
    same("reviewed until", receipt["review_due_on"], due.isoformat() if due else None)
    same("calendar year missing", receipt["calendar_missing"], unknown)
    case = await walk.stands("under_review", "保持电话畅通")
    clock = next(clock for clock in case["clocks"] if clock["kind"] == "review")
    same("review clock", (clock["days"], clock["day_kind"]), (limit.days, limit.kind))
    same("review clock runs from", clock["started_on"], day_in_china(at).isoformat())
    same("review clock ends", clock["due_on"], due.isoformat() if due else None)
    same("review clock stopped", clock["stopped"], False)


async def issued(walk: Walk) -> None:
    """Reviewed and issued; the clock stops."""
    await _report(walk, walk.plot.household_system, "issued", "issued", now(), issued_on=today().isoformat())
    case = await walk.stands("issued", "等待制作")
    same("review clock stopped", [c["stopped"] for c in case["clocks"] if c["kind"] == "review"], [True])


async def refused(walk: Walk) -> None:
    """Not issued: the person is told at once and where to go, and the temporary card is void (R105, R106, B21)."""
    why = {"refusal_reason": "难以确认身份"}
    await _report(walk, walk.plot.household_system, "issuance_refused", "issuance_refused", now(), **why)
    case = await walk.stands("issuance_refused", "常住户口所在地公安机关")
    same("review clock stopped", [c["stopped"] for c in case["clocks"] if c["kind"] == "review"], [True])
    void = await walk.stands("void", "没有产生费用", number=walk.temporary_number)
    walk.shows("小程序", case["state_label"], case["next_step"], void["state_label"], void["next_step"])


async def refusal_notices(walk: Walk) -> None:
    """Both notices say why and what to do now; neither names the person to whoever holds the phone."""
    refused_text = await one_text(walk, "未予签发", walk.number, "回常住户口所在地公安机关")
    void_text = await one_text(walk, "不再办理", walk.temporary_number)
    has("why the temporary card is void", void_text, "居民身份证未予签发", "没有产生费用")
    lacks("what both say", refused_text + void_text, walk.applicant.name, walk.applicant.number, "难以确认身份")
    walk.journal.keep("refused-sms.txt", f"{refused_text}\n{void_text}\n")
    walk.shows("短信", refused_text, void_text)


async def nothing_more_to_do(walk: Walk) -> None:
    """What ended stays ended: no place, no second decision; the counter offers no step (R037)."""
    for number in (walk.number, walk.temporary_number):
        (await walk.citizen.write("POST", f"/cases/{number}/withdrawal")).refused("case_already_ended")
    ask = {"need": "还想再办一次"}
    (await walk.citizen.write("POST", f"/cases/{walk.number}/temporary-card", ask)).refused("temporary_card_too_late")


async def production_started(walk: Walk) -> None:
    """The card is being made."""
    centre = {"card_centre": "制证中心（演示）"}
    await _report(walk, walk.plot.card_centre, "production_started", "in_production", now(), **centre)
    await walk.stands("in_production")


async def dispatched(walk: Walk) -> None:
    """On its way to the counter, or by post with a waybill (R113)."""
    walk.waybill = make_waybill() if walk.plot.delivery == "post" else ""
    facts = {"waybill": walk.waybill} if walk.waybill else {}
    await _report(walk, walk.plot.card_centre, "dispatched", "dispatched", now(), **facts)
    await walk.stands("dispatched", "寄出" if walk.waybill else "路上")


async def posted_notice(walk: Walk) -> None:
    """The person is told that the card was posted, with the waybill."""
    text = await one_text(walk, "已寄出", walk.waybill)
    walk.journal.keep("posted-sms.txt", text + "\n")
    has("what to do after receipt", text, "核验证件信息")


async def received_by_post(walk: Walk) -> None:
    """Signed for: no counter saw the person, so the later check opens (R122)."""
    day = today().isoformat()
    await _report(walk, walk.plot.card_centre, "received_by_post", "released", now(), received_on=day)
    await insist_later_check(walk)


async def pickup_notice(walk: Walk) -> None:
    """Come and collect: received once by WeChat and once by SMS (R117, C6.5)."""
    template = walk.templates["ready_for_pickup"]
    patience = walk.world.patience
    found = await walk.wire.poll("pickup notice in WeChat", lambda: walk.phone.messages(template), patience)
    text = await one_text(walk, "可以领取", walk.number)
    same("pickup notices in WeChat", len(found), 1)
    walk.journal.keep("pickup-notice.json", found[0])
    walk.journal.keep("pickup-sms.txt", text + "\n")
    has("pickup notice in WeChat", list(found[0]["data"].values()), walk.number)
    has("page it opens", found[0]["page"], walk.number)
    has("pickup SMS", text, "领证回执")
    lacks("pickup notice", f"{text}{found[0]['data']}", walk.applicant.name, walk.applicant.number)


async def check_notice(walk: Walk) -> None:
    """The person is told of the later check (R122): in WeChat where one message is allowed, else by SMS."""
    template = walk.templates["check_due"]
    patience = walk.world.patience
    found = await walk.wire.poll("check notice in WeChat", lambda: walk.phone.messages(template), patience)
    walk.journal.keep("check-notice.json", found[0])
    due, _ = last_day(LATER_CHECK, today())
    said = f"{due.year}年{due.month}月{due.day}日" if due else "30个工作日内"
    has("check notice", " ".join(found[0]["data"].values()), said)


async def closed(walk: Walk) -> None:
    """The end: every event in its order, no clock runs, every notice out, and nothing arrived twice."""
    case = await walk.stands(*walk.plot.ending)
    walk.journal.keep("case.json", case)
    same("history", [event["kind"] for event in case["history"]], list(walk.plot.history))
    same("clocks that run on", [clock["kind"] for clock in case["clocks"] if not clock["stopped"]], [])
    notices = await walk.wire.poll("every notice out", lambda: _all_out(walk), walk.world.patience)
    same("notices that reached nobody", [each for each in notices if each["status"] == "unreached"], [])
    texts = await walk.phone.texts()
    same("SMS sent twice", len(texts) - len({each["message_id"] for each in texts}), 0)
    same("SMS said twice", len(texts) - len({each["text"] for each in texts}), 0)
    messages = [(each["template_id"], str(each["data"])) for each in await walk.phone.messages()]
    same("WeChat messages said twice", len(messages) - len(set(messages)), 0)


async def _report(walk: Walk, key_id: str, kind: str, state: str, at: datetime, **facts: str) -> Any:
    """Report once and again: the second time is a duplicate that changes nothing."""
    system = StationSystem(walk.wire, walk.world, key_id)
    report = {
        "report_id": f"journey-{uuid4()}",
        "kind": kind,
        "acceptance_number": walk.acceptance_number,
        "at": at.isoformat(),
        "unit": "示范单位（演示）",
        "facts": facts,
    }
    receipt = (await system.report(report)).done()
    same(f"{kind}: state", receipt["state"], state)
    same(f"{kind}: case", receipt["case_number"], walk.number)
    same(f"{kind}: duplicate", receipt["duplicate"], False)
    same(f"{kind} again: duplicate", (await system.report(report)).done()["duplicate"], True)
    return receipt


async def one_text(walk: Walk, *words: str) -> str:
    """The one short message with these words, as soon as it arrives."""
    found = await walk.wire.poll(f"SMS: {words[0]}", lambda: walk.phone.texts(*words), walk.world.patience)
    same(f"SMS: {words[0]}", len(found), 1)
    return str(found[0]["text"])


async def _all_out(walk: Walk) -> Any:
    numbers = [number for number in (walk.number, walk.temporary_number) if number]
    notices = [one for number in numbers for one in (await walk.citizen.get(f"/cases/{number}/notices")).done()]
    return notices if all(each["status"] != "owed" for each in notices) else None
