"""The privacy notice and the consent to it."""

from casework import pre_register
from casework.callers import Citizen
from casework.deps import Deps
from casework.views import PrivacyNoticeView, ProfileView
from miniapp_api.shapes import ConsentGiven


async def read_privacy_notice(deps: Deps) -> PrivacyNoticeView:
    """Read the privacy notice in force."""
    return pre_register.privacy_notice(deps)


async def give_privacy_consent(deps: Deps, citizen: Citizen, body: ConsentGiven) -> ProfileView:
    """Agree to the privacy notice in the version that was shown."""
    return await pre_register.give_consent(deps, citizen, body.version)
