import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0003_languages"), ("store", "0004_know_our_copies_in_sent")]

    operations = [
        migrations.CreateModel(
            name="LostSubscription",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.TextField(db_collation="C")),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.account"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(models.F("account"), models.F("name"), name="lost_subscription_once")]
            },
        ),
    ]
