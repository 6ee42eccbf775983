"""Opening a database thousands of times in one process, as only tests do, without making anew what stays the same.

Tortoise builds every model's filters and base queries each time it is initialised, and the model of its own migration
table each time that is read. Both follow from the classes and the dialect alone. The product opens one database.
"""

from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest
from tortoise.apps import Apps
from tortoise.migrations.recorder import MigrationRecorder
from tortoise.models import Model


def open_quickly(patch: pytest.MonkeyPatch) -> None:
    """For as long as the patch holds, a model is made ready once for each dialect."""
    build, make = Apps._build_initial_querysets, MigrationRecorder._make_model
    ready: dict[type[Model], type[Any]] = {}

    def build_once(self: Apps) -> None:
        if type(self) is not Apps:  # the models of a migration under way change from step to step
            build(self)
            return
        for models in self.apps.values():
            new = {name: one for name, one in models.items() if ready.get(one) is not type(one._meta.db)}
            build(SimpleNamespace(apps={"new": new}))  # type: ignore[arg-type]
            ready.update({one: type(one._meta.db) for one in new.values()})

    made = cache(lambda table_name: make(None, table_name))  # type: ignore[arg-type]
    patch.setattr(Apps, "_build_initial_querysets", build_once)
    patch.setattr(MigrationRecorder, "_make_model", lambda _, table_name: made(table_name))
