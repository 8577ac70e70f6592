from django.db import migrations


class Migration(migrations.Migration):
    """Scopes are called as policies and living sessions call protocols."""

    dependencies = [
        ('access', '0005_web_sessions'),
    ]

    operations = [
        migrations.RunSQL(
            "UPDATE access_credential SET scopes = array_replace(array_replace(scopes, 'smtp', 'submission'), 'sieve', 'managesieve')"
            " WHERE scopes && ARRAY['smtp', 'sieve']",
            "UPDATE access_credential SET scopes = array_replace(array_replace(scopes, 'submission', 'smtp'), 'managesieve', 'sieve')"
            " WHERE scopes && ARRAY['submission', 'managesieve']",
        ),
    ]
