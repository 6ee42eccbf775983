"""One word to the citizen for each state a case comes to."""

from casework.deps import Deps
from casework.owe import owe
from casework.track import next_in_state
from domain.terms import NoticeKind
from models.case import Case
from templates.labels import label


async def tell_progress(deps: Deps, case: Case) -> None:
    """Owe one progress notice per state."""
    await owe(
        deps, case, NoticeKind.PROGRESS, case.state,
        state=label(case.state), next=next_in_state(case).removesuffix("。"),
    )  # fmt: skip
