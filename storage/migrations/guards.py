"""The database's own guards over the log: whatever changes or deletes a row of it is refused.

A second layer, against accidents and careless hands. Whoever may change tables can drop them; what finds that is verification.
"""

from alembic import op

# The tables of the log, each with what identifies a row
LOG = {
    "audit_leaf": ("idx",),
    "audit_node": ("level", "idx"),
    "audit_checkpoint": ("size",),
    "audit_cosignature": ("size", "line"),
}
REFUSAL = "rows of the log are added and never changed or deleted"


def guard_log() -> None:
    """Let the database itself refuse whatever changes or deletes a row of the log."""
    if op.get_bind().dialect.name == "postgresql":
        body = f"BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END"
        op.execute(f"CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
    for table, key in LOG.items():
        if op.get_bind().dialect.name == "postgresql":
            op.execute(
                f"CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()"
            )
            continue
        # INSERT OR REPLACE deletes without any trigger for deleting
        same = " AND ".join(f"{column} = NEW.{column}" for column in key)
        taken = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608
        for verb, when in (("UPDATE", ""), ("DELETE", ""), ("INSERT", taken)):
            op.execute(
                f"CREATE TRIGGER {table}_refuses_{verb.lower()} BEFORE {verb} ON {table} {when} "
                f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )
