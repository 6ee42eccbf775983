"""A little work asked of a phone before it books, where bots buy places up. Off unless a point or the operator asks."""

from dataclasses import dataclass
from datetime import timedelta

from casework.booking_views import ChallengeView
from casework.callers import Citizen
from casework.deps import Deps
from casework.find_place import Desk, open_desk
from domain.refusal import Refusal
from domain.terms import ServiceItem

CHALLENGE_LIFE = timedelta(minutes=10)


@dataclass(frozen=True)
class Proof:
    """The challenge a client was given and its answer; both empty when none was sent."""

    challenge: str = ""
    answer: str = ""


NO_PROOF = Proof()


async def pose_challenge(deps: Deps, citizen: Citizen, point_code: str, item: ServiceItem) -> ChallengeView:
    """What to solve before booking there; ``bits`` 0 means nothing.

    Raises:
        Refusal: ``station_not_found``, ``station_without_service``.
    """
    bits, expires_at = work_asked(deps, await open_desk(point_code, item)), deps.clock.now() + CHALLENGE_LIFE
    challenge = deps.puzzle.pose(citizen.actor, bits, expires_at) if bits and deps.puzzle else ""
    return ChallengeView(challenge=challenge, bits=bits, expires_at=expires_at)


async def insist_proof(deps: Deps, citizen: Citizen, desk: Desk, key: str, proof: Proof) -> None:
    """The work was done for this very request: an answer is bound to the request's idempotency key, so it is good once.

    Raises:
        Refusal: ``challenge_required``, ``challenge_failed``.
    """
    bits = work_asked(deps, desk)
    if not bits:
        return
    if not proof.challenge or deps.puzzle is None:
        raise Refusal("challenge_required", bits=bits)
    if not deps.puzzle.solved(citizen.actor, proof.challenge, key, proof.answer, bits, deps.clock.now()):
        raise Refusal("challenge_failed", bits=bits)


def work_asked(deps: Deps, desk: Desk) -> int:
    """How many bits of work a booking there costs; 0 for none."""
    return max(desk.challenge_bits, deps.settings.challenge_bits)
