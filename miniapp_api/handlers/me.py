"""The citizen's own account, and the children they are guardian of."""

from casework import chat, message_consents, pre_register
from casework.callers import Citizen
from casework.deps import Deps
from casework.views import BindingCodeView, PersonView, ProfileView
from miniapp_api.shapes import MessageConsents, NewWard, PersonShape, PhoneCode


async def read_profile(deps: Deps, citizen: Citizen) -> ProfileView:
    """Read the account: who is in it and what is still missing before applying."""
    return await pre_register.profile(deps, citizen)


async def declare_self(deps: Deps, citizen: Citizen, body: PersonShape) -> ProfileView:
    """Declare the account holder as the household register names them; again, to correct it."""
    return await pre_register.declare_self(deps, citizen, body.facts())


async def verify_phone(deps: Deps, citizen: Citizen, body: PhoneCode) -> ProfileView:
    """Take over the phone number WeChat verified, by the code of getPhoneNumber."""
    return await pre_register.verify_phone(deps, citizen, body.code)


async def allow_messages(deps: Deps, citizen: Citizen, body: MessageConsents) -> None:
    """Record which one-time messages the citizen accepted in wx.requestSubscribeMessage."""
    await message_consents.allow_messages(deps, citizen, body.templates)


async def issue_chat_binding_code(deps: Deps, citizen: Citizen) -> BindingCodeView:
    """Get a short code to type into the Official Account chat, which binds that chat to this account."""
    return await chat.binding_code(deps, citizen)


async def add_ward(deps: Deps, citizen: Citizen, body: NewWard) -> PersonView:
    """Add a child the account holder is guardian of."""
    return await pre_register.add_ward(deps, citizen, body.facts(), body.relation, body.shown_by)


async def correct_ward(deps: Deps, citizen: Citizen, ward_id: int, body: NewWard) -> PersonView:
    """Correct what was declared of a child, or how the guardianship is shown."""
    return await pre_register.correct_ward(deps, citizen, ward_id, body.facts(), body.relation, body.shown_by)
