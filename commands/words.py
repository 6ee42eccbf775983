"""The words of the command line that need no file of their own."""

import argparse
from pathlib import Path

_STORIES = "adult, minor, guangdong, cross-province, offline, return-slip, overdue or all"


def parser() -> argparse.ArgumentParser:
    """Every command and what it is for; those marked by no help of their own read their further words themselves."""
    made = argparse.ArgumentParser(prog="run.py", description="通办 Tongban")
    commands = made.add_subparsers(dest="command")
    for name, words in (
        ("serve", "serve everything in this process (what happens without a command)"),
        ("beside", "answer citizens beside a serve with the same settings (TONGBAN_PROCESSES starts such by itself)"),
        ("worker", "run only the workers"),
        ("migrate", "bring the database up to date; safe when two start at once"),
        ("seed", "seed demo acceptance points, clerks and station systems"),
        ("check", "say every missing or bad setting, and whether database, queue and WeChat answer"),
        ("verify-chain", "walk the evidence of all signatures: nothing missing, nothing changed"),
        ("feed", "take the signed batches that lie in the feed folder, now"),
        ("sandbox", "serve only the sandbox WeChat and SMS centre"),
    ):
        commands.add_parser(name, help=words)
    seeding = commands.choices["seed"]
    seeding.add_argument("--demo", type=int, metavar="N", help="and N invented people with two weeks of history")
    seeding.add_argument("--yes", action="store_true", help="even where real people are served")
    commands.add_parser("test", help="run the tests; further words go to pytest", add_help=False)
    _journey(commands.add_parser("journey", help="play the whole way through real HTTP"))
    commands.add_parser("verify-letter", help="is a letter's PDF genuine and unaltered, offline", add_help=False)
    commands.add_parser("read-pass", help="read an offline pass at a station, without a network", add_help=False)
    operator = commands.add_parser("add-operator", help="the first account: an operator, who makes all others")
    operator.add_argument("username")
    commands.add_parser("pass-keys", help="make, register and retire the keys of offline passes", add_help=False)
    commands.add_parser("menu", help="put, show or delete the menu under the Official Account's chat", add_help=False)
    commands.add_parser("return-slip", help="make the slip a citizen carries back from a station", add_help=False)
    commands.add_parser("sign-feed", help="make a signed feed file of reports, as a station does", add_help=False)
    commands.add_parser("guide", help="ask the rulebook; guide --help tells how", add_help=False)
    return made


def _journey(journey: argparse.ArgumentParser) -> None:
    journey.add_argument("--story", default="all", help=_STORIES)
    journey.add_argument("--out", type=Path, default=Path("journey-out"), help="where the artefacts go")
    journey.add_argument("--base-url", help="a running service; without it one is started on free ports")
    journey.add_argument("--console-url", help="its console, where serving.json does not say")
    journey.add_argument("--wechat-url", help="its sandbox WeChat, where serving.json does not say")
    journey.add_argument("--sms-url", help="its sandbox SMS centre, where serving.json does not say")
    journey.add_argument("--logins", type=Path, help="its demo-logins.json, where it is not in TONGBAN_VAR")
