from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0003_languages")]

    operations = [
        migrations.AddField("account", "pop3_delete", models.TextField(db_default="delete", default="delete")),
        migrations.AddConstraint(
            "account",
            models.CheckConstraint(
                condition=models.Q(("pop3_delete__in", ["delete", "trash", "keep"])), name="account_pop3_delete_known"
            ),
        ),
    ]
