"""Timelines, votes and versions of documents are only ever added to: triggers that psql and bulk writers meet as well."""

from django.db import migrations

GROWING = ("resilience_incidentevent", "resilience_approvalvote", "resilience_documentversion")

# Deleting an account empties the reference to it; nothing else of a row ever changes.
FUNCTION = """
CREATE FUNCTION resilience_append_only() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'by_id' = to_jsonb(OLD) - 'by_id'
        AND to_jsonb(NEW) ->> 'by_id' IS NULL THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'Rows of % are only ever added', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$
"""


def triggers(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION resilience_append_only();"
        f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION resilience_append_only()",
        f"DROP TRIGGER append_only ON {table}; DROP TRIGGER never_emptied ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("resilience", "0002_incidents")]
    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION resilience_append_only()"),
        *(triggers(table) for table in GROWING),
    ]
