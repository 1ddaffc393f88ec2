"""The third net of the gate: statement triggers that ask every writer, psql included, for a fresh verified backup."""

from django.db import migrations

GATED = ("schedules_assignment", "schedules_blockassignment", "schedules_schedule")

FUNCTION = """
CREATE FUNCTION scheduler_require_backup() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
    claimed text := current_setting('scheduler.backup_id', true);
    allowed interval := make_interval(mins => coalesce((SELECT fresh_minutes FROM backups_backuppolicy WHERE id = 1), 120));
BEGIN
    IF coalesce(claimed, '') = '' OR NOT EXISTS (
        SELECT FROM backups_backup
        WHERE id::text = claimed AND state = 'VERIFIED' AND deleted_at IS NULL
          AND created_at > clock_timestamp() - allowed AND created_at <= clock_timestamp() + interval '1 minute'
    ) THEN
        RAISE EXCEPTION 'Writing % needs a verified backup younger than % minutes in this transaction',
            TG_TABLE_NAME, extract(epoch FROM allowed)::integer / 60
            USING ERRCODE = 'insufficient_privilege',
                  HINT = 'Schedules are written through the application, which makes the backup.';
    END IF;
    RETURN NULL;
END $$
"""


def trigger(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER scheduler_gate BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION scheduler_require_backup()",
        f"DROP TRIGGER scheduler_gate ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("schedules", "0001_initial"), ("backups", "0001_initial")]
    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION scheduler_require_backup()"),
        *(trigger(table) for table in GATED),
    ]
