"""The temporary card beside the identity card: asked along, made after its issue, back with it (B20, B21, K7)."""

from datetime import date, timedelta

from tests.journeys.expect import has, lacks, same
from tests.journeys.invented import today
from tests.journeys.steps_counter import at, case_page, ticks_of
from tests.journeys.steps_police import one_text
from tests.journeys.walk import Walk

_FEE_FEN = 1000  # B21, B13: ten yuan, at the counter
_HANDED_OVER = ("slip", "identity_checked", "fee_paid")
_MADE_WITHIN = timedelta(days=3)  # K7


async def asked_along(walk: Walk) -> None:
    """Asked for in the same application: a case of its own, one visit for both, its fee shown before (B20, B21)."""
    linked = (await walk.case())["temporary_card"]
    walk.temporary_number = linked["number"]
    card = await walk.stands("open", "一并", number=walk.temporary_number)
    same("fee in fen", card["fee"], _FEE_FEN)
    same("hangs on", card["parent"]["number"], walk.number)
    same("nothing missing of its own", card["missing"], [])
    again = {"need": "又想起来了"}
    where = f"/cases/{walk.number}/temporary-card"
    (await walk.citizen.write("POST", where, again)).refused("temporary_card_asked_already")
    walk.shows("小程序", card["next_step"], f"工本费{card['fee'] // 100}元")


async def no_visit_of_its_own(walk: Walk) -> None:
    """It comes along to the identity card's visit; a place for itself alone is refused (B21)."""
    booking = (await walk.case())["booking"]
    wish = {"point": walk.plot.point, "starts_at": booking["starts_at"]}
    reply = await walk.citizen.write("PUT", f"/cases/{walk.temporary_number}/booking", wish)
    reply.refused("temporary_card_rides_along")


async def waiting(walk: Walk) -> None:
    """Accepted together; nothing is made before the household place has issued the identity card (B21)."""
    await walk.stands("accepted", "签发居民身份证后开始制作", number=walk.temporary_number)
    same("offered to the clerk", (await case_page(walk, walk.temporary_number)).offers(_form(walk, "made")), False)


async def making(walk: Walk) -> None:
    """The issue of the identity card starts its three days (K7)."""
    card = await walk.stands("in_production", "三日内制好", number=walk.temporary_number)
    (clock,) = [clock for clock in card["clocks"] if clock["kind"] == "temporary_card"]
    due, started = clock["due_on"], clock["started_on"]
    same("made until, rest days apart", due is None or due >= (today() + _MADE_WITHIN).isoformat(), True)
    same("three days from the issue", (clock["days"], started), (_MADE_WITHIN.days, today().isoformat()))
    walk.shows("小程序", card["state_label"], card["next_step"])


async def made(walk: Walk) -> None:
    """The clerk registers it; the person is told where and until when it is good (B20)."""
    page = await case_page(walk, walk.temporary_number)
    done = await walk.clerk.send(page.form(_form(walk, "made")))
    same("registered", (done.reply.status, done.refusal), (200, None))
    card = await walk.stands("ready", "领证回执", "工本费", number=walk.temporary_number)
    same("good for about three months", 85 <= _days_until(card["valid_until"]) <= 92, True)
    text = await one_text(walk, "已制好", walk.temporary_number)
    lacks("pickup SMS", text, walk.applicant.name, walk.applicant.number)
    walk.journal.keep("temporary-sms.txt", text + "\n")
    walk.shows("短信", text)


async def handed_over(walk: Walk) -> None:
    """Slip, face and fee, all three; then the person holds it and is told to bring it back (B20, B21)."""
    form = (await case_page(walk, walk.temporary_number)).form(_form(walk, "handover"))
    same("checks", tuple(form.ticks("checks")), _HANDED_OVER)
    without_fee = await walk.clerk.send(form, {}, ticks_of(_HANDED_OVER[:2]))
    without_fee.insist_refused("handover_checks_missing")
    done = await walk.clerk.send(form, {}, ticks_of(_HANDED_OVER))
    same("handed over", (done.reply.status, done.refusal), (200, None))
    card = await walk.stands("released", "交回", number=walk.temporary_number)
    walk.shows("小程序", card["next_step"])


async def back(walk: Walk) -> None:
    """Handed back with the identity card: both cases are over (B20)."""
    card = await walk.stands("closed", "已办结", number=walk.temporary_number)
    kinds = [event["kind"] for event in card["history"]]
    has("history", kinds, "accepted", "production_started", "made", "released", "handed_back")
    walk.journal.keep("temporary-card.json", card)


def _form(walk: Walk, act: str) -> str:
    return at(walk, act, walk.temporary_number)


def _days_until(day: str) -> int:
    return (date.fromisoformat(day) - today()).days
