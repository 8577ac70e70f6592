from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0002_epoch_row")]

    operations = [
        migrations.AddField("organisation", "language", models.TextField(db_default="en", default="en")),
        migrations.AddField("user", "language", models.TextField(blank=True, db_default="", default="")),
        migrations.AddConstraint(
            "organisation",
            models.CheckConstraint(condition=models.Q(("language__in", ["en", "it"])), name="organisation_language_known"),
        ),
        migrations.AddConstraint(
            "user",
            models.CheckConstraint(condition=models.Q(("language__in", ["", "en", "it"])), name="user_language_known"),
        ),
    ]
