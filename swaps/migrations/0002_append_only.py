"""What happened to a swap is only ever added to: triggers that psql and bulk writers meet as well."""

from django.db import migrations

GROWING = ("swaps_swapaudit", "swaps_swapchange", "swaps_swapweekchange", "swaps_complaint")

# Deleting an account empties the reference to it; nothing else of a row ever changes.
FUNCTION = """
CREATE FUNCTION swaps_append_only() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
    users text[] := ARRAY['user_id', 'filed_by_id'];
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - users = to_jsonb(OLD) - users
        AND to_jsonb(NEW) ->> 'user_id' IS NULL AND to_jsonb(NEW) ->> 'filed_by_id' IS NULL THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'Rows of % are only ever added', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$
"""
EMPTIED = """
CREATE FUNCTION swaps_never_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Rows of % are only ever added', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$
"""


def triggers(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION swaps_append_only();"
        f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION swaps_never_emptied()",
        f"DROP TRIGGER append_only ON {table}; DROP TRIGGER never_emptied ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("swaps", "0001_initial")]
    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION swaps_append_only()"),
        migrations.RunSQL(EMPTIED, "DROP FUNCTION swaps_never_emptied()"),
        *(triggers(table) for table in GROWING),
    ]
