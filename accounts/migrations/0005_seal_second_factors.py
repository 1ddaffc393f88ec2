from django.db import migrations, models

from accounts.services import sealing

PURPOSE = "second factor"


def seal_all(apps, schema_editor):
    for factor in apps.get_model("accounts", "SecondFactor").objects.all():
        factor.sealed_secret = sealing.seal(factor.sealed_secret, purpose=PURPOSE)
        factor.save(update_fields=["sealed_secret"])


def open_all(apps, schema_editor):
    for factor in apps.get_model("accounts", "SecondFactor").objects.all():
        factor.sealed_secret = sealing.unseal(factor.sealed_secret, purpose=PURPOSE)
        factor.save(update_fields=["sealed_secret"])


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_second_factor"),
    ]

    operations = [
        migrations.RenameField("secondfactor", "secret", "sealed_secret"),
        migrations.AlterField(
            "secondfactor",
            "sealed_secret",
            models.CharField(
                editable=False,
                help_text="The key shared with the app, encrypted (accounts.services.sealing).",
                max_length=255,
            ),
        ),
        migrations.RunPython(seal_all, open_all),
    ]
