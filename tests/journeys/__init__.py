"""THE JOURNEYS: people who walk the whole way, from declaration to card in hand, through real HTTP.

``play.py`` is what ``python run.py journey`` calls; ``plots.py`` says who they are and what the rules say to them;
``steps_*.py`` are the steps; ``players.py`` holds the hands: a citizen's phone, a clerk's browser, a station system.
Every expectation is worked out here on its own, never asked of the rooms it is about.
"""
