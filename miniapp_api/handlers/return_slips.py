"""What a counter printed for the citizen to bring back."""

from casework.bring_slip import bring_slip as bring
from casework.callers import Citizen
from casework.deps import Deps
from casework.views import CaseView
from miniapp_api.return_shapes import ScannedSlip
from miniapp_api.shapes import PathText


async def bring_slip(deps: Deps, citizen: Citizen, number: PathText, body: ScannedSlip) -> CaseView:
    """Bring the return slip scanned at the station; bringing it again changes nothing."""
    return await bring(deps, citizen, number, body.text)
