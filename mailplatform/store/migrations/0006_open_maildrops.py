import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0004_what_pop3_deletes"), ("store", "0005_keep_names_subscribed")]

    operations = [
        migrations.CreateModel(
            name="MaildropLock",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="directory.account",
                    ),
                ),
                ("holder", models.UUIDField()),
                ("taken_at", models.DateTimeField()),
                ("leased_until", models.DateTimeField()),
            ],
            options={"db_table": "store_maildrop_lock"},
        ),
        migrations.RunSQL("ALTER TABLE store_maildrop_lock SET UNLOGGED", "ALTER TABLE store_maildrop_lock SET LOGGED"),
        migrations.AddField("message", "line_octets", models.IntegerField(db_default=0, default=0)),
        migrations.AddIndex(
            "message",
            models.Index(condition=models.Q(("line_octets", 0), _negated=True), fields=["account"], name="message_account_line_octets"),
        ),
    ]
