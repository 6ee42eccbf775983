"""``run.py feed``: take the signed batches that lie in the feed folder, now and to the end."""

from casework.deps import Deps
from casework.take_feed import take_feed


async def take(deps: Deps) -> None:
    """Take them and say what became of them."""
    handled = 0
    while some := await take_feed(deps):
        handled += some
    print(f"{handled} line(s) taken in hand; the reports stand in {deps.settings.feed_folder}/done and /refused.")
