"""Where the door keeps what belongs to the application and to one request."""

from aiohttp import web

from casework.deps import Deps
from miniapp_api.at_hand import AtHand
from miniapp_api.limits import Gate

DEPS = web.AppKey("deps", Deps)
GATE = web.AppKey("gate", Gate)
AT_HAND = web.AppKey("at_hand", AtHand)
API_DOCUMENT = web.AppKey("api_document", bytes)
DOCS_PAGE = web.AppKey("docs_page", str)

REQUEST_ID = web.RequestKey("request_id", str)
REFUSED = web.RequestKey("refused", str)
ACCOUNT_ID = web.RequestKey("account_id", int)
