from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("access", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "INSERT INTO access_epoch (id, value) VALUES (1, 1) ON CONFLICT DO NOTHING",
            "DELETE FROM access_epoch",
        ),
    ]
