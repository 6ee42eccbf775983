"""A made-up citizen with one open case, for whoever tries the sandbox's phone. Nobody has this name and number."""

from casework.callers import Citizen
from casework.declare_residence import ResidenceFacts, declare_residence
from casework.deps import Deps
from casework.open_case import CaseWish, open_case
from casework.pre_register import PersonFacts, declare_self, give_consent, privacy_notice
from domain.identity_number import check_character
from domain.terms import DeliveryMode, ProofKind, ServiceItem, Whose
from models.account import bind_chat, find_or_make_account, keep_phone
from models.case import cases_of_account

DEMO_CITIZEN, DEMO_PHONE = "示范甲", "13900000001"
_DIGITS = "36070220070601001"
_KEY = "demo-citizen"


async def seed_citizen(deps: Deps, *, openid: str, follower: str) -> None:
    """Make the citizen once: logged in as ``openid`` of the mini-program, bound to ``follower`` of the account."""
    now = deps.clock.now()
    account = await find_or_make_account(appid=deps.settings.miniapp.appid, openid=openid, at=now)
    if await cases_of_account(account.id):
        return
    citizen = Citizen(account.id)
    await give_consent(deps, citizen, privacy_notice(deps).version)
    await keep_phone(account.id, DEMO_PHONE, now)
    number = _DIGITS + check_character(_DIGITS)
    facts = PersonFacts(DEMO_CITIZEN, number, "360702", "江西省赣州市章贡区虚构路1号", False)
    (person,) = (await declare_self(deps, citizen, facts)).persons
    item = ServiceItem.ID_CARD_FIRST_APPLICATION
    residence = ResidenceFacts(
        person_id=person.id, item=item, division="360102", address="江西省南昌市东湖区虚构街2号",
        proof=ProofKind.EMPLOYMENT, proof_of=Whose.APPLICANT, declared_locally=False,
    )  # fmt: skip
    declaration = await declare_residence(deps, citizen, residence, f"{_KEY}-residence")
    wish = CaseWish(
        declaration_id=declaration.id, item=item, delivery=DeliveryMode.STATION, post_to=None, never_held_card=True,
        active_soldier=False, information_true=True,
    )  # fmt: skip
    await open_case(deps, citizen, wish, f"{_KEY}-case")
    await bind_chat(account.id, appid=deps.settings.official_account.appid, openid=follower, at=now)
