"""What anyone may ask without signing in: which place is meant, and may I apply where I live."""

from casework import explain_policy
from casework.deps import Deps
from casework.explain_policy import ChoiceView, NextStepView, PlaceView
from casework.views import GuideView
from miniapp_api.shapes import DivisionQuery, GuideAnswers, GuideQuery


async def search_divisions(query: DivisionQuery) -> tuple[PlaceView, ...]:
    """Search places by name, by pinyin (whole or first letters) or by code."""
    return explain_policy.search_places(query.q, query.limit)


async def read_guide(deps: Deps, query: GuideQuery) -> GuideView:
    """Ask whether one may apply there, what to bring, who must come and how long it takes, each with its source."""
    return explain_policy.guide(deps, query.question())


async def list_matters(deps: Deps) -> tuple[ChoiceView, ...]:
    """List what a household registration certificate may say; anything else is asked for in words."""
    return explain_policy.certifiable_matters(deps)


async def ask_next(deps: Deps, body: GuideAnswers) -> NextStepView:
    """Ask what to ask next, until the answer is decided; what can be derived is never asked."""
    return explain_policy.next_step(deps, body.answers(deps.today()))
