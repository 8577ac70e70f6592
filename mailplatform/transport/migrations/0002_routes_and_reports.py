"""Routes, what reports need to say, and the indexes of claiming by destination, of delays and of expiry."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('transport', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Pulse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=32, unique=True)),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name='destination',
            name='last_reply',
            field=models.TextField(blank=True, db_default='', default=''),
        ),
        migrations.AddField(
            model_name='destination',
            name='proven_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='outboundmessage',
            name='body8bit',
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AddField(
            model_name='queueitem',
            name='hold_reason',
            field=models.TextField(blank=True, db_default='', default=''),
        ),
        migrations.AddField(
            model_name='queueitem',
            name='last_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='queueitem',
            name='last_mx',
            field=models.TextField(blank=True, db_default='', default=''),
        ),
        migrations.AddField(
            model_name='queueitem',
            name='last_status',
            field=models.CharField(blank=True, db_default='', default='', max_length=16),
        ),
        migrations.AddField(
            model_name='queueitem',
            name='warn_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name='destination',
            name='concurrency',
            field=models.IntegerField(default=0),
        ),
        migrations.CreateModel(
            name='Route',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=64, unique=True)),
                ('sender_domain', models.TextField(blank=True, default='')),
                ('recipient_domain', models.TextField(blank=True, default='')),
                ('host', models.TextField(blank=True, default='')),
                ('port', models.IntegerField(default=0)),
                ('tls', models.CharField(default='may', max_length=8)),
                ('login', models.TextField(blank=True, default='')),
                ('secret', models.BinaryField(default=b'')),
                ('auth_without_tls', models.BooleanField(default=False)),
            ],
            options={
                'constraints': [models.UniqueConstraint(models.F('sender_domain'), models.F('recipient_domain'), name='route_once')],
            },
        ),
        migrations.AddField(
            model_name='queueitem',
            name='route',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='transport.route'),
        ),
        migrations.AddIndex(
            model_name='queueitem',
            index=models.Index(models.F('transport'), models.F('destination'), models.F('due_at'), models.F('id'), condition=models.Q(('state', 'ready')), name='queue_destination'),
        ),
        migrations.AddIndex(
            model_name='queueitem',
            index=models.Index(models.F('message'), condition=models.Q(('dsn_due', ''), ('state', 'done')), name='queue_done'),
        ),
        migrations.AddIndex(
            model_name='queueitem',
            index=models.Index(models.F('warn_at'), condition=models.Q(('state__in', ('ready', 'deferred')), ('warn_at__isnull', False)), name='queue_warn'),
        ),
        migrations.AddIndex(
            model_name='queueitem',
            index=models.Index(models.F('expires_at'), condition=models.Q(('expires_at__isnull', False), ('state__in', ('ready', 'deferred'))), name='queue_expires'),
        ),
    ]
