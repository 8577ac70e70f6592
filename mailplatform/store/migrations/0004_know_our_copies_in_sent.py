from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [("store", "0003_find_what_can_be_purged")]

    operations = [
        migrations.CreateModel(
            name="AutoCopy",
            fields=[
                ("message_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(db_default=Now())),
            ],
            options={"indexes": [models.Index(models.F("created_at"), name="auto_copy_created")]},
        ),
    ]
