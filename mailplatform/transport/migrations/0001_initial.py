"""The tables of the queue, and how Postgres is to keep them."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


# An item changes state four times in a short life: room on its page.
STORAGE = """
ALTER TABLE transport_queueitem SET (fillfactor = 70);
ALTER TABLE transport_destination SET (fillfactor = 70);
"""

STORAGE_BACK = """
ALTER TABLE transport_queueitem RESET (fillfactor);
ALTER TABLE transport_destination RESET (fillfactor);
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('store', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Destination',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('transport', models.CharField(max_length=32)),
                ('name', models.TextField()),
                ('failures', models.IntegerField(default=0)),
                ('next_try', models.DateTimeField(null=True)),
                ('concurrency', models.IntegerField(default=1)),
            ],
            options={
                'constraints': [models.UniqueConstraint(models.F('transport'), models.F('name'), name='destination_once')],
            },
        ),
        migrations.CreateModel(
            name='OutboundMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('prefix', models.BinaryField(default=b'')),
                ('trace_id', models.CharField(db_index=True, max_length=32)),
                ('reverse_path', models.TextField(blank=True)),
                ('ret', models.CharField(blank=True, default='', max_length=4)),
                ('envid', models.TextField(blank=True, default='')),
                ('submitter', models.BigIntegerField(null=True)),
                ('smtputf8', models.BooleanField(default=False)),
                ('size', models.BigIntegerField()),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('blob', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='store.blob')),
            ],
        ),
        migrations.CreateModel(
            name='QueueItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('transport', models.CharField(max_length=32)),
                ('destination', models.TextField()),
                ('forward_path', models.TextField()),
                ('account_id', models.BigIntegerField(null=True)),
                ('orcpt', models.TextField(blank=True, default='')),
                ('notify', models.CharField(blank=True, default='', max_length=64)),
                ('state', models.CharField(choices=[('ready', 'Ready'), ('leased', 'Leased'), ('deferred', 'Deferred'), ('held', 'Held'), ('done', 'Done')], default='ready', max_length=8)),
                ('due_at', models.DateTimeField()),
                ('attempts', models.IntegerField(default=0)),
                ('in_doubt', models.BooleanField(default=False)),
                ('lease_token', models.UUIDField(null=True)),
                ('leased_until', models.DateTimeField(null=True)),
                ('dsn_due', models.CharField(blank=True, default='', max_length=12)),
                ('last_reply', models.TextField(blank=True, default='')),
                ('expires_at', models.DateTimeField(null=True)),
                ('message', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='transport.outboundmessage')),
            ],
            options={
                'indexes': [models.Index(models.F('transport'), models.F('due_at'), models.F('id'), condition=models.Q(('state', 'ready')), name='queue_ready'), models.Index(models.F('due_at'), condition=models.Q(('state', 'deferred')), name='queue_deferred'), models.Index(models.F('leased_until'), condition=models.Q(('state', 'leased')), name='queue_leased'), models.Index(models.F('id'), condition=models.Q(('dsn_due', ''), _negated=True), name='queue_dsn_due')],
            },
        ),
        migrations.RunSQL(STORAGE, STORAGE_BACK),
    ]
