"""The latest rows without a search key: the page that people open first."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("trace", "0001_trace_tables")]
    operations = [
        migrations.RunSQL(
            "CREATE INDEX trace_message_at ON trace_message (at)",
            "DROP INDEX trace_message_at",
        )
    ]
