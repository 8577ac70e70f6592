from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("directory", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "INSERT INTO directory_epoch (id, value) VALUES (1, 1) ON CONFLICT DO NOTHING",
            "DELETE FROM directory_epoch",
        ),
    ]
