"""Whether this process answers."""

from miniapp_api.shapes import HealthShape


async def health() -> HealthShape:
    """Say that this process answers.

    It asks neither the database nor WeChat: ``run.py check`` does.
    """
    return HealthShape(status="ok")
