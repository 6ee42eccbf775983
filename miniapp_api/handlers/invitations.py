"""Invitations to services on trial, which stand on no public list."""

from casework import invite
from casework.callers import Citizen
from casework.deps import Deps
from casework.invite import InvitationView
from miniapp_api.shapes import InvitationCode


async def bring_invitation(deps: Deps, citizen: Citizen, body: InvitationCode) -> tuple[InvitationView, ...]:
    """Take the invitation an officer handed over to the own account; everything one is invited to."""
    return await invite.bring(deps, citizen, body.code)


async def list_invitations(deps: Deps, citizen: Citizen) -> tuple[InvitationView, ...]:
    """List what one is invited to: the points to book at, and until when."""
    return await invite.my_invitations(deps, citizen)
