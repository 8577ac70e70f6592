"""Autoresponders, their texts, and whom they answered."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('directory', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Answer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account_id', models.BigIntegerField()),
                ('sender_key', models.TextField()),
                ('until', models.DateTimeField()),
                ('due', models.BooleanField(default=True)),
                ('recorded_at', models.DateTimeField()),
                ('made_at', models.DateTimeField(null=True)),
                ('sender', models.TextField()),
                ('address', models.TextField()),
                ('message_id', models.TextField(blank=True, default='')),
                ('references', models.TextField(blank=True, default='')),
                ('subject', models.TextField(blank=True, default='')),
                ('language', models.TextField(blank=True, default='')),
                ('inside', models.BooleanField(default=False)),
                ('trace_id', models.TextField()),
            ],
            options={
                'indexes': [models.Index(models.F('id'), condition=models.Q(('due', True)), name='answer_due'), models.Index(models.F('until'), condition=models.Q(('due', False)), name='answer_until'), models.Index(models.F('account_id'), models.F('made_at'), condition=models.Q(('made_at__isnull', False)), name='answer_made')],
                'constraints': [models.UniqueConstraint(fields=('account_id', 'sender_key'), name='answer_once')],
            },
        ),
        migrations.CreateModel(
            name='Autoresponder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('enabled', models.BooleanField(db_default=True, default=True)),
                ('starts_at', models.DateTimeField(blank=True, null=True)),
                ('ends_at', models.DateTimeField(blank=True, null=True)),
                ('days', models.IntegerField(db_default=7, default=7)),
                ('audience', models.TextField(db_default='everyone', default='everyone')),
                ('changed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='directory.account')),
            ],
        ),
        migrations.CreateModel(
            name='AutoresponderText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('language', models.TextField()),
                ('subject', models.TextField(blank=True, db_default='', default='')),
                ('text', models.TextField(blank=True, db_default='', default='')),
                ('outside_subject', models.TextField(blank=True, db_default='', default='')),
                ('outside_text', models.TextField(blank=True, db_default='', default='')),
                ('autoresponder', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='texts', to='delivery.autoresponder')),
            ],
        ),
        migrations.AddConstraint(
            model_name='autoresponder',
            constraint=models.CheckConstraint(condition=models.Q(('days__gte', 1), ('days__lte', 365)), name='autoresponder_days'),
        ),
        migrations.AddConstraint(
            model_name='autoresponder',
            constraint=models.CheckConstraint(condition=models.Q(('audience__in', ['everyone', 'inside', 'outside'])), name='autoresponder_audience_known'),
        ),
        migrations.AddConstraint(
            model_name='autorespondertext',
            constraint=models.UniqueConstraint(fields=('autoresponder', 'language'), name='autoresponder_language_once'),
        ),
        migrations.AddConstraint(
            model_name='autorespondertext',
            constraint=models.CheckConstraint(condition=models.Q(('language__in', ['en', 'it'])), name='autoresponder_language_known'),
        ),
    ]
