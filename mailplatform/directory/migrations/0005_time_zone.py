"""The time zone of the dates that people of an organisation write."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('directory', '0004_what_pop3_deletes'),
    ]

    operations = [
        migrations.AddField(
            model_name='organisation',
            name='time_zone',
            field=models.TextField(db_default='UTC', default='UTC'),
        ),
    ]
