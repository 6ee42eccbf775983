"""From the first login to the code in hand: hops 1 to 5, at the mini-program."""

import asyncio
import hashlib
import json
import subprocess
import sys
from base64 import b64decode
from datetime import datetime, timedelta
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from tests.journeys.expect import has, lacks, same
from tests.journeys.invented import age_on, day_in_china, now, today
from tests.journeys.players import Citizen
from tests.journeys.service import HOME
from tests.journeys.time_limits import Limit, last_day
from tests.journeys.walk import ITEM, Walk

_STROKES = [
    [[100 + 40 * n, 300 + 25 * (n % 4), 30 * n] for n in range(12)],
    [[200 + 30 * n, 500 - 20 * n, 500 + 25 * n] for n in range(10)],
]


_FRESH = [True, True, False]  # genuine, in force, confirmed at the counter


async def sign_in(walk: Walk) -> None:
    """wx.login; the code is good once."""
    await walk.phone.switch_on(walk.holder.name)
    code = await walk.phone.code("login-code")
    session = (await walk.citizen.write("POST", "/sessions", {"code": code})).done(201)
    same("consent needed", session["consent_needed"], True)
    again = await Citizen(walk.wire, walk.world).write("POST", "/sessions", {"code": code})
    same("a login code used twice is refused", again.status >= 400, True)
    walk.citizen.token = session["token"]


async def consent(walk: Walk) -> None:
    """The privacy notice comes before everything else (B50)."""
    early = await walk.citizen.write("PUT", "/me/person", walk.holder.declared())
    early.refused("consent_required")
    notice = (await walk.citizen.get("/privacy-notice")).done()
    profile = await walk.citizen.write("POST", "/privacy-consents", {"version": notice["version"]})
    same("still missing", profile.done()["missing"], ["real_name", "phone"])


async def real_name(walk: Walk) -> None:
    """Name and number as in the household booklet."""
    profile = (await walk.citizen.write("PUT", "/me/person", walk.holder.declared())).done()
    same("still missing", profile["missing"], ["phone"])
    person = profile["persons"][0]
    _insist_person(person, walk.holder.name, walk.holder.number, age_on(walk.holder.birth, today()))
    walk.person_id = person["id"]


async def phone_number(walk: Walk) -> None:
    """The number WeChat verified (B72); shown masked."""
    code = await walk.phone.code("phone-code")
    profile = (await walk.citizen.write("POST", "/me/phone", {"code": code})).done()
    same("still missing", profile["missing"], [])
    lacks("phone shown", profile["phone_masked"], walk.phone.number)
    has("phone shown", profile["phone_masked"], walk.phone.number[-4:])
    walk.templates = profile["message_templates"]


async def allow_messages(walk: Walk) -> None:
    """One consent is one message (B73): given in WeChat's prompt, entered into our ledger."""
    kinds = list(walk.plot.messages)
    await walk.phone.accept_messages([walk.templates[kind] for kind in kinds])
    (await walk.citizen.write("POST", "/me/message-consents", {"templates": kinds})).done(204)


async def add_child(walk: Walk) -> None:
    """A minor is applied for by the guardian (R031); how guardianship is shown is declared (R044-R046)."""
    guardian = walk.plot.guardian
    assert guardian is not None
    body = {**walk.applicant.declared(), "relation": guardian.relation, "shown_by": guardian.shown_by}
    ward = (await walk.citizen.write("POST", "/wards", body)).done(201)
    _insist_person(ward, walk.applicant.name, walk.applicant.number, walk.plot.age)
    same("is a ward", (ward["is_self"], ward["guardianship"]), (False, guardian.shown_by))
    walk.person_id = ward["id"]


async def declare_residence(walk: Walk) -> None:
    """Where the applicant lives and by which tie; what follows is told at once."""
    plot = walk.plot
    body: dict[str, Any] = {
        "person_id": walk.person_id,
        "item": walk.plot.item,
        "division": plot.residence,
        "address": plot.residence_address,
        "declared_locally": False,
    }
    tie = {"proof": plot.proof[0], "proof_of": plot.proof[1]} if plot.proof else {"declared_locally": True}
    bare = await walk.citizen.write("POST", "/residence-declarations", body)
    bare.refused("proof_required" if plot.proof else "declared_locally_required")
    reply = await walk.citizen.write("POST", "/residence-declarations", {**body, **tie})
    walk.declaration = reply.done(201)
    same("residence", walk.declaration["residence_division"], plot.residence)


async def eligibility(walk: Walk) -> None:
    """May I, what do I bring, who must come, until when: the same answer to the declaration and to anyone asking."""
    plot = walk.plot
    path = f"/residence-declarations/{walk.declaration['id']}"
    declared = (await walk.citizen.get(path, item=walk.plot.item)).done()["guide"]
    query = {
        "item": walk.plot.item,
        "household": plot.household,
        "residence": plot.residence,
        "birth": walk.applicant.birth.isoformat(),
    }
    query |= {"relation": plot.guardian.shown_by} if plot.guardian else {}
    asked = (await Citizen(walk.wire, walk.world).get("/guide", **query)).done()
    for guide, papers in ((declared, plot.papers), (asked, plot.papers_before)):
        _insist_guide(walk, guide, papers)
    if plot.proof and "tie_proof" in plot.papers_before:
        tie = asked["materials"][-1]
        same("one of three ties will do", len(tie["alternatives"]), 3)
        same("whose tie", tie["whose"], plot.proof[1])


async def open_case(walk: Walk) -> None:
    """The case; tapping twice opens one case."""
    plot = walk.plot
    body: dict[str, Any] = {
        "declaration_id": walk.declaration["id"],
        "item": walk.plot.item,
        "delivery": plot.delivery,
        "never_held_card": True,
        "active_soldier": False,
        "information_true": True,
        **plot.stated,
    }
    if plot.delivery == "post":
        post_to = {"recipient": walk.applicant.name, "phone": walk.phone.number, "address": plot.residence_address}
        body["post_to"] = post_to
    key = uuid4().hex
    first, second = await asyncio.gather(*(walk.citizen.write("POST", "/cases", body, key=key) for _ in range(2)))
    case = first.done(201)
    same("a double tap", second.done(201)["number"], case["number"])
    (await walk.citizen.write("POST", "/cases", body)).refused("live_case_exists")
    walk.number = case["number"]
    same("state", case["state"], "open")
    same("scope", case["scope"], plot.scope)
    same("is a minor's", case["is_minor"], plot.guardian is not None)
    same("still missing", case["missing"], ["booking", *(["letter_signature"] if plot.letter == "to_sign" else [])])
    same("letter", case["letter"]["standing"], plot.letter)
    has("next step", case["next_step"], "预约")


async def book(walk: Walk) -> None:
    """A place at the point where the person lives (R005, R033): today's first free one, else tomorrow's."""
    plot = walk.plot
    points = (await walk.citizen.get("/points", item=walk.plot.item, division=plot.residence)).done()
    has("points nearby", [point["code"] for point in points], plot.point)
    slot = await _first_free(walk)
    wish = {"point": plot.point, "starts_at": slot["starts_at"]}
    case = (await walk.citizen.write("PUT", f"/cases/{walk.number}/booking", wish)).done()
    booking = case["booking"]
    same("booked point", booking["point"]["code"], plot.point)
    same("booked time", _moment(booking["starts_at"]), _moment(slot["starts_at"]))
    same("seats", booking["seats"], len(plot.who_comes))
    same("who must come", sorted(booking["who_must_come"]), plot.who_comes)
    same("still missing", case["missing"], ["letter_signature"] if plot.letter == "to_sign" else [])
    walk.booked_on = day_in_china(_moment(booking["starts_at"]))


async def show_letter(walk: Walk) -> None:
    """The prescribed text with this case's facts; its digest binds both (R061-R067)."""
    letter = (await walk.citizen.get(f"/cases/{walk.number}/letter")).done()
    walk.letter = letter
    walk.journal.keep("letter.json", {**letter, "nonce": "…"})
    facts = letter["facts"]
    text = "\n".join([letter["title"], *letter["paragraphs"]])
    document = {"version": letter["version"], "text": text, "facts": facts}
    written = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    same("digest", letter["digest"], hashlib.sha256(written.encode()).hexdigest())
    has("the letter's promise", text, "本人承诺从未申领过居民身份证")
    same("applicant in the letter", facts["申请人"], walk.applicant.name)
    same("number in the letter", facts["公民身份号码"], walk.applicant.number)
    same("signer", letter["signer_name"], walk.holder.name)
    same("capacity", letter["capacity"], "guardian" if walk.plot.guardian else "applicant")
    has("what is said before signing", "".join(letter["notices"]), "如证件不予签发")
    if walk.plot.guardian:
        has("what is said before signing", "".join(letter["notices"]), "同框")


async def sign_letter(walk: Walk) -> None:
    """Signed by hand on the phone, exactly what was shown; read to the end."""
    path, letter = f"/cases/{walk.number}/signature", walk.letter
    act = {"nonce": letter["nonce"], "digest": letter["digest"], "read_to_end": True, "information_true": True}
    (await walk.citizen.write("POST", path, {**act, "read_to_end": False, "strokes": _STROKES})).refused(
        "letter_not_read"
    )
    signature = (await walk.citizen.write("POST", path, {**act, "strokes": _STROKES})).done(201)
    same("digest signed", signature["digest"], letter["digest"])
    same("method", signature["method"], "phone")
    same("confirmed at the counter", signature["confirmed_at_counter"], False)
    case = await walk.case()
    same("letter", case["letter"]["standing"], "signed")
    same("still missing", case["missing"], [])


async def read_signed_letter(walk: Walk) -> None:
    """The signed letter to keep: marked as not confirmed yet; a guardian's names the minor (D6)."""
    page = (await walk.citizen.get(f"/cases/{walk.number}/signature.html")).text
    walk.journal.keep("letter.html", page)
    has("signed letter", page, walk.letter["digest"], *walk.letter["paragraphs"], "待窗口确认", walk.applicant.number)
    if walk.plot.guardian:
        has("signed letter", page, f"{walk.holder.name}（监护人）", f"申请人{walk.applicant.name}签署")
    else:
        has("signed letter", page, walk.holder.name)


async def letter_file(walk: Walk) -> None:
    """The sealed PDF, made meanwhile: genuine by its number for anybody, offline as a file; a changed byte shows."""
    path = f"/cases/{walk.number}/letter.pdf"

    async def fetched() -> bytes:
        answer = await walk.citizen.get(path)
        if answer.status != 200:
            answer.refused("letter_being_made")
        return answer.body if answer.status == 200 else b""

    pdf = await walk.wire.poll("letter.pdf", fetched, walk.world.patience)
    seals = (await walk.wire.ask("anybody", "GET", walk.world.base_url, "/letter-seals.pem")).body
    walk.journal.keep("letter.pdf", pdf)
    walk.journal.keep("letter-seals.pem", seals)
    number = (await walk.case())["letter"]["number"]
    found = await walk.wire.ask("anybody", "GET", walk.world.base_url, f"/api/v1/letters/{number}/verification")
    told = found.done()
    same("genuine, in force, confirmed", [told["genuine"], told["in_force"], told["confirmed_at_counter"]], _FRESH)
    lacks("what anybody learns", found.text, walk.holder.name, walk.applicant.number)
    changed = pdf[: len(pdf) // 2] + bytes([pdf[len(pdf) // 2] ^ 1]) + pdf[len(pdf) // 2 + 1 :]
    same("verify-letter on the file", await asyncio.to_thread(_verified_offline, pdf, seals), 0)
    same("verify-letter on a changed byte", await asyncio.to_thread(_verified_offline, changed, seals), 1)


def _verified_offline(pdf: bytes, seals: bytes) -> int:
    with TemporaryDirectory() as folder:
        letter, trust = Path(folder, "letter.pdf"), Path(folder, "seals.pem")
        letter.write_bytes(pdf)
        trust.write_bytes(seals)
        command = [sys.executable, str(HOME / "run.py"), "verify-letter", str(letter), "--trust", str(trust)]
        return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode


async def no_letter_here(walk: Walk) -> None:
    """No letter to sign on the phone: not required (R060), or on paper at the counter (D1)."""
    code = {"not_required": "letter_not_required", "on_paper": "letter_on_paper"}[walk.plot.letter]
    (await walk.citizen.get(f"/cases/{walk.number}/letter")).refused(code)
    case = await walk.case()
    same("letter", (case["letter"]["standing"], case["letter"]["version"]), (walk.plot.letter, None))


async def issue_code(walk: Walk) -> None:
    """The code for the counter and its QR; nothing personal in it (B74)."""
    handoff = (await walk.citizen.write("POST", f"/cases/{walk.number}/handoff-codes")).done(201)
    walk.code = handoff["code"]
    picture = b64decode(handoff["png_base64"])
    walk.journal.keep("handoff.png", picture)
    same("point of the code", handoff["point"]["code"], walk.plot.point)
    same("still good", _moment(handoff["expires_at"]) > now(), True)
    lacks("code", walk.code, walk.applicant.number, walk.number)
    if find_spec("zxingcpp"):  # a package for tests: a plain installation plays without it
        same("QR as a scanner reads it", _scanned(picture), walk.code)


async def name_relative(walk: Walk) -> None:
    """A relative will collect the card (R121, D12)."""
    assert walk.relative is not None
    body = {"name": walk.relative.name, "identity_number": walk.relative.number, "kinship": "grandparent"}
    proxy = (await walk.citizen.write("PUT", f"/cases/{walk.number}/collector", body)).done()
    same("kinship", proxy["kinship"], "grandparent")
    lacks("name shown", proxy["name_masked"], walk.relative.name)


async def _first_free(walk: Walk) -> Any:
    for ahead in range(3):
        day = today() + timedelta(days=ahead)
        query = {"item": walk.plot.item, "day": day.isoformat()}
        slots = (await walk.citizen.get(f"/points/{walk.plot.point}/slots", **query)).done()
        if slots:
            return slots[0]
    same("free slots", 0, "some within three days")
    return None


def _insist_person(person: Any, name: str, number: str, age: int) -> None:
    same("name", person["name"], name)
    same("age", person["age"], age)
    lacks("number shown", person["identity_number_masked"], number)


def _insist_guide(walk: Walk, guide: Any, papers: tuple[str, ...]) -> None:
    plot = walk.plot
    same("allowed", (guide["allowed"], guide["reasons"]), (True, []))
    same("scope", guide["scope"], plot.scope)
    same("papers to bring", [paper["code"] for paper in guide["materials"]], list(papers))
    same("who must come", sorted(guide["who_must_come"]), plot.who_comes)
    same("declared elsewhere", guide["residence_declared_elsewhere"], None if plot.proof else "粤居码")
    letter = guide["letter"]
    same("letter required", letter["required"], plot.letter != "not_required")
    same("letter has a text", letter["version"] is not None, plot.letter == "to_sign")
    same("fee", guide["fee"], 0)
    years = 5 if plot.guardian else 10
    same("validity in years", guide["validity_years"], years if plot.item == ITEM else None)
    _insist_limit(guide["review"], plot.review)
    has("sources", " ".join(guide["sources"]), "R")


def _insist_limit(review: Any, limit: Limit) -> None:
    due, unknown = last_day(limit, today())
    same("review limit", (review["days"], review["kind"]), (limit.days, limit.kind))
    same("reviewed until", review["due_if_received_on"], due.isoformat() if due else None)
    same("calendar year missing", review["calendar_missing"], unknown)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _scanned(picture: bytes) -> str:
    import zxingcpp  # noqa: PLC0415
    from PIL import Image  # noqa: PLC0415

    found = zxingcpp.read_barcodes(Image.open(BytesIO(picture)))
    return str(found[0].text) if found else "nothing"
