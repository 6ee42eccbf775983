"""Hop 1: where a person lives now."""

from casework import declare_residence as acts
from casework.callers import Citizen
from casework.deps import Deps
from casework.views import DeclarationView
from miniapp_api.reading import Key
from miniapp_api.shapes import ItemQuery, NewDeclaration, PathId


async def declare_residence(deps: Deps, citizen: Citizen, body: NewDeclaration, key: Key) -> DeclarationView:
    """Declare where a person lives now, and read what follows from it."""
    return await acts.declare_residence(deps, citizen, body.facts(), key)


async def read_declaration(deps: Deps, citizen: Citizen, declaration_id: PathId, query: ItemQuery) -> DeclarationView:
    """Read a declaration with what follows from it today."""
    return await acts.read_declaration(deps, citizen, declaration_id, query.item)
