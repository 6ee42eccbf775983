"""Operations Tortoise lacks: tables born with their CHECKs, many at once, append-only tables, another index."""

from collections.abc import Mapping
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import ModelState, State


class Table(ops.CreateModel):
    """A table with ``checks`` (name → condition), which CreateModel leaves out without a word."""

    def __init__(
        self,
        name: str,
        columns: list[tuple[str, Any]],
        options: dict[str, Any] | None = None,
        checks: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(name, columns, options)
        self._lines = [f'CONSTRAINT "{check}" CHECK ({condition})' for check, condition in (checks or {}).items()]

    async def database_forward(
        self, app_label: str, old_state: State, new_state: State, state_editor: BaseSchemaEditor | None = None
    ) -> None:
        if state_editor is None:
            return
        more_lines = "_get_inner_statements"  # the editor's own place for them
        setattr(state_editor, more_lines, lambda: self._lines)
        try:
            await super().database_forward(app_label, old_state, new_state, state_editor)
        finally:
            delattr(state_editor, more_lines)


class CreateTables(ops.TortoiseOperation):
    """Several tables in one operation: one by one, Tortoise copies its picture of all tables for each of them."""

    def __init__(self, *tables: Table) -> None:
        self.tables = tables

    def describe(self) -> str:
        return "Create tables " + ", ".join(table.name for table in self.tables)

    def state_forward(self, app_label: str, state: State) -> None:
        for table in self.tables:
            state.models[(app_label, table.name)] = ModelState.make_from_model(app_label, table.model)
        state.reload_models({(app_label, table.name) for table in self.tables})

    async def database_forward(
        self, app_label: str, old_state: State, new_state: State, state_editor: BaseSchemaEditor | None = None
    ) -> None:
        for table in self.tables:
            await table.database_forward(app_label, old_state, new_state, state_editor)


class ReplaceIndex(ops.TortoiseOperation):
    """An index of a table by another one; Tortoise finds no index to remove that came with its table."""

    def __init__(self, model_name: str, before: tuple[str, ...], after: tuple[str, ...]) -> None:
        self.model_name, self.before, self.after = model_name, before, after

    def describe(self) -> str:
        return f"Replace an index of {self.model_name}"

    def state_forward(self, app_label: str, state: State) -> None:
        options = state.models[(app_label, self.model_name)].options
        options["indexes"] = tuple(self.after if tuple(one) == self.before else one for one in options["indexes"])
        state.reload_model(app_label, self.model_name)

    async def database_forward(
        self,
        app_label: str,
        old_state: State,  # noqa: ARG002
        new_state: State,
        state_editor: BaseSchemaEditor | None = None,
    ) -> None:
        if state_editor is not None:
            model = new_state.apps.get_model(f"{app_label}.{self.model_name}")
            await state_editor.add_index(model, Index(fields=self.after))
            await state_editor.remove_index(model, Index(fields=self.before))


def refers(name: str, to: str, related_name: str, *, null: bool = False) -> tuple[str, Any]:
    """A reference in the column ``name``_id; the row it points to cannot be deleted."""
    return name, fields.ForeignKeyField(
        to, source_field=f"{name}_id", to_field="id", related_name=related_name, on_delete=fields.RESTRICT, null=null
    )


def refers_once(name: str, to: str, related_name: str) -> tuple[str, Any]:
    """The same, and no two rows refer to the same one."""
    return name, fields.OneToOneField(
        to, source_field=f"{name}_id", to_field="id", related_name=related_name, on_delete=fields.RESTRICT
    )


def append_only(*tables: str) -> ops.RunPython:
    """Triggers that refuse UPDATE and DELETE on these tables unless ``append_only_lift`` holds a row (see reseal)."""

    async def forward(_apps: Any, editor: BaseSchemaEditor) -> None:
        make = _POSTGRES if editor.client.capabilities.dialect == "postgres" else _SQLITE
        for table in tables:
            await editor.client.execute_script(make.format(table=table))

    return ops.RunPython(forward)


def on_postgres_only(statement: str) -> ops.RunPython:
    """A statement about what SQLite has nothing of."""

    async def forward(_apps: Any, editor: BaseSchemaEditor) -> None:
        if editor.client.capabilities.dialect == "postgres":
            await editor.client.execute_script(statement)

    return ops.RunPython(forward)


def append_only_ground() -> ops.RunPython:
    """The table that lifts the ban for one transaction, and PostgreSQL's trigger function. Once, in 0001."""

    async def forward(_apps: Any, editor: BaseSchemaEditor) -> None:
        await editor.client.execute_script("CREATE TABLE append_only_lift (id INTEGER PRIMARY KEY CHECK (id = 1));")
        if editor.client.capabilities.dialect == "postgres":
            await editor.client.execute_script(_FUNCTION)

    return ops.RunPython(forward)


_FUNCTION = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM append_only_lift) THEN
        RETURN COALESCE(NEW, OLD);
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""

_POSTGRES = """
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

_SQLITE = """
CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table}
WHEN NOT EXISTS (SELECT 1 FROM append_only_lift)
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;
CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}
WHEN NOT EXISTS (SELECT 1 FROM append_only_lift)
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;
"""
