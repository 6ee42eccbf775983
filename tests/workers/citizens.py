"""Made-up citizens with what they need to apply, through the acts."""

from casework.callers import Citizen
from casework.declare_residence import ResidenceFacts, declare_residence
from casework.deps import Deps
from casework.open_case import CaseWish, open_case
from casework.pre_register import PersonFacts, declare_self, give_consent, privacy_notice
from casework.sign import SigningAct, show_letter, sign_letter
from domain.identity_number import check_character
from domain.terms import DeliveryMode, ProofKind, ServiceItem, Whose
from models.account import find_or_make_account, keep_phone

PHONE = "13900000000"


async def a_citizen(deps: Deps, openid: str = "oMini000000000000000000000001") -> Citizen:
    """Logged in, agreed to the notice, phone verified."""
    now = deps.clock.now()
    account = await find_or_make_account(appid=deps.settings.miniapp.appid, openid=openid, at=now)
    citizen = Citizen(account.id)
    await give_consent(deps, citizen, privacy_notice(deps).version)
    await keep_phone(account.id, PHONE, now)
    return citizen


async def a_case(deps: Deps, citizen: Citizen, *, name: str) -> str:
    """An adult registered in Ganzhou who lives in Nanchang opens a case; returns its number."""
    digits = "36070220070601001"
    facts = PersonFacts(name, digits + check_character(digits), "360702", "江西省赣州市章贡区虚构路1号", False)
    (person,) = (await declare_self(deps, citizen, facts)).persons
    residence = ResidenceFacts(
        person_id=person.id,
        item=ServiceItem.ID_CARD_FIRST_APPLICATION,
        division="360102",
        address="江西省南昌市东湖区虚构街2号",
        proof=ProofKind.EMPLOYMENT,
        proof_of=Whose.APPLICANT,
        declared_locally=False,
    )
    declaration = await declare_residence(deps, citizen, residence, "declare-1")
    wish = CaseWish(
        declaration_id=declaration.id,
        item=ServiceItem.ID_CARD_FIRST_APPLICATION,
        delivery=DeliveryMode.STATION,
        post_to=None,
        never_held_card=True,
        active_soldier=False,
        information_true=True,
    )
    return (await open_case(deps, citizen, wish, "open-1")).number


async def a_signed_letter(deps: Deps) -> None:
    """Somebody who opened a case and signed its letter."""
    citizen = await a_citizen(deps)
    number = await a_case(deps, citizen, name="赵试")
    shown = await show_letter(deps, citizen, number)
    strokes = tuple(((100, 100, 0), (400, 300, 40), (700, 500, 80), (300, 700, 120)) for _ in range(4))
    act = SigningAct(shown.nonce, shown.digest, True, True, strokes, client="test", address="127.0.0.1")
    await sign_letter(deps, citizen, number, act, "sign-the-letter")
