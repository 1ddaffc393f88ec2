"""The log of the posture is only ever added to, like timelines, votes and versions of documents."""

from django.db import migrations

TABLE = "resilience_posturerecord"


class Migration(migrations.Migration):
    dependencies = [("resilience", "0005_spread_on_a_rotation")]
    operations = [
        migrations.RunSQL(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {TABLE}"
            " FOR EACH ROW EXECUTE FUNCTION resilience_append_only();"
            f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {TABLE}"
            " FOR EACH STATEMENT EXECUTE FUNCTION resilience_append_only()",
            f"DROP TRIGGER append_only ON {TABLE}; DROP TRIGGER never_emptied ON {TABLE}",
        )
    ]
