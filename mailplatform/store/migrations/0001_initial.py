"""The tables of mail at rest, and how Postgres is to keep them."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


# Rows that change in place leave room for their next version on the same page; counters (a row a folder, a row an account)
# change with every arrival, so most of their page is room. Bytes that are compressed already are not compressed again, and
# small blobs stay in the row up to a whole page: a TOAST table would cost each of them two more rows and an index entry.
STORAGE = """
ALTER TABLE store_entry SET (fillfactor = 80);
ALTER TABLE store_folder SET (fillfactor = 50);
ALTER TABLE store_accountstate SET (fillfactor = 50);
ALTER TABLE store_viewerstate SET (fillfactor = 60);
ALTER TABLE store_seen SET (fillfactor = 80);
ALTER TABLE store_blob ALTER COLUMN data SET STORAGE EXTERNAL, ALTER COLUMN hash SET STORAGE PLAIN;
ALTER TABLE store_blob SET (toast_tuple_target = 8160);
ALTER TABLE store_searchtext ALTER COLUMN text SET STORAGE EXTERNAL;
"""

STORAGE_BACK = """
ALTER TABLE store_entry RESET (fillfactor);
ALTER TABLE store_folder RESET (fillfactor);
ALTER TABLE store_accountstate RESET (fillfactor);
ALTER TABLE store_viewerstate RESET (fillfactor);
ALTER TABLE store_seen RESET (fillfactor);
ALTER TABLE store_blob ALTER COLUMN data SET STORAGE EXTENDED, ALTER COLUMN hash SET STORAGE EXTENDED;
ALTER TABLE store_blob RESET (toast_tuple_target);
ALTER TABLE store_searchtext ALTER COLUMN text SET STORAGE EXTENDED;
"""

# One nextval gives 256 message ids, so a committer numbers its batches without asking.
SEQUENCE = "ALTER SEQUENCE store_message_id_seq INCREMENT BY 256;"
SEQUENCE_BACK = "ALTER SEQUENCE store_message_id_seq INCREMENT BY 1;"


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('directory', '0002_epoch_row'),
    ]

    operations = [
        migrations.CreateModel(
            name='AccountState',
            fields=[
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='directory.account')),
                ('modseq', models.BigIntegerField(default=1)),
                ('min_modseq', models.BigIntegerField(default=1)),
                ('bytes', models.BigIntegerField(default=0)),
                ('messages', models.BigIntegerField(default=0)),
                ('expunged_bytes', models.BigIntegerField(default=0)),
                ('next_keyword', models.IntegerField(default=1)),
                ('last_uidvalidity', models.BigIntegerField(default=0)),
                ('last_folder', models.BigIntegerField(default=1)),
                ('last_email', models.BigIntegerField(default=1)),
                ('last_thread', models.BigIntegerField(default=1)),
                ('indexed_modseq', models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='Blob',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('hash', models.BinaryField()),
                ('size', models.BigIntegerField()),
                ('codec', models.SmallIntegerField()),
                ('data', models.BinaryField(null=True)),
                ('pack_offset', models.BigIntegerField(default=0)),
                ('pack_length', models.BigIntegerField(default=0)),
                ('touched', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('prefix', models.BinaryField(default=b'')),
                ('size', models.BigIntegerField()),
                ('thread_id', models.BigIntegerField()),
                ('created_modseq', models.BigIntegerField()),
                ('envelope', models.BinaryField()),
                ('bodystructure', models.BinaryField()),
                ('message_id', models.TextField(blank=True, db_collation='C', default='')),
                ('sent_at', models.DateTimeField(null=True)),
                ('subject', models.TextField(blank=True, default='')),
                ('subject_key', models.TextField(blank=True, db_collation='C', default='')),
                ('from_text', models.TextField(blank=True, default='')),
                ('to_text', models.TextField(blank=True, default='')),
                ('cc_text', models.TextField(blank=True, default='')),
                ('bcc_text', models.TextField(blank=True, default='')),
                ('from_key', models.TextField(blank=True, db_collation='C', default='')),
                ('to_key', models.TextField(blank=True, db_collation='C', default='')),
                ('cc_key', models.TextField(blank=True, db_collation='C', default='')),
                ('author', models.TextField(blank=True, db_collation='C', default='')),
                ('preview', models.TextField(blank=True, default='')),
                ('has_attachment', models.BooleanField(default=False)),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.account')),
                ('blob', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='store.blob')),
            ],
        ),
        migrations.CreateModel(
            name='Pack',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.TextField(unique=True)),
                ('size', models.BigIntegerField(default=0)),
                ('sealed', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField()),
                ('retired_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Arrival',
            fields=[
                ('unit_id', models.UUIDField(primary_key=True, serialize=False)),
                ('result', models.JSONField()),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'indexes': [models.Index(models.F('created_at'), name='arrival_created')],
            },
        ),
        migrations.CreateModel(
            name='Folder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.TextField(db_collation='C')),
                ('uidvalidity', models.BigIntegerField()),
                ('uidnext', models.BigIntegerField(default=1)),
                ('highestmodseq', models.BigIntegerField(default=1)),
                ('created_modseq', models.BigIntegerField()),
                ('changed_modseq', models.BigIntegerField()),
                ('expunged_floor', models.BigIntegerField(default=0)),
                ('recent_from', models.BigIntegerField(default=1)),
                ('messages', models.BigIntegerField(default=0)),
                ('unseen', models.BigIntegerField(default=0)),
                ('deleted', models.BigIntegerField(default=0)),
                ('size', models.BigIntegerField(default=0)),
                ('special_use', models.CharField(blank=True, default='', max_length=16)),
                ('subscribed', models.BooleanField(default=True)),
                ('seen_shared', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('deleted_at', models.DateTimeField(null=True)),
                ('deleted_modseq', models.BigIntegerField(null=True)),
                ('drained', models.BooleanField(default=False)),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.account')),
            ],
        ),
        migrations.CreateModel(
            name='Keyword',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.IntegerField()),
                ('name', models.TextField(db_collation='C')),
                ('folded', models.TextField(db_collation='C')),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='directory.account')),
            ],
        ),
        migrations.CreateModel(
            name='SearchText',
            fields=[
                ('message', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='store.message')),
                ('codec', models.SmallIntegerField()),
                ('text', models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name='Expunged',
            fields=[
                ('pk', models.CompositePrimaryKey('folder', 'uid', blank=True, editable=False, primary_key=True, serialize=False)),
                ('uid', models.BigIntegerField()),
                ('thread_id', models.BigIntegerField(null=True)),
                ('flags', models.SmallIntegerField(default=0)),
                ('keywords', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), default=list, size=None)),
                ('modseq', models.BigIntegerField()),
                ('created_modseq', models.BigIntegerField()),
                ('internal_date', models.DateTimeField()),
                ('save_date', models.DateTimeField()),
                ('sent_at', models.DateTimeField(null=True)),
                ('size', models.BigIntegerField()),
                ('expunged_at', models.DateTimeField()),
                ('reason', models.CharField(max_length=16)),
                ('user_id', models.BigIntegerField(null=True)),
                ('user_name', models.TextField(blank=True, default='')),
                ('client', models.TextField(blank=True, default='')),
                ('restored_at', models.DateTimeField(null=True)),
                ('purged_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.account')),
                ('folder', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='store.folder')),
                ('message', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='store.message')),
            ],
        ),
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('pk', models.CompositePrimaryKey('folder', 'uid', blank=True, editable=False, primary_key=True, serialize=False)),
                ('uid', models.BigIntegerField()),
                ('thread_id', models.BigIntegerField()),
                ('flags', models.SmallIntegerField(default=0)),
                ('keywords', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), default=list, size=None)),
                ('modseq', models.BigIntegerField()),
                ('created_modseq', models.BigIntegerField()),
                ('internal_date', models.DateTimeField()),
                ('save_date', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('sent_at', models.DateTimeField(null=True)),
                ('size', models.BigIntegerField()),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.account')),
                ('folder', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='store.folder')),
                ('message', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='store.message')),
            ],
        ),
        migrations.AddField(
            model_name='blob',
            name='pack',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='store.pack'),
        ),
        migrations.CreateModel(
            name='Seen',
            fields=[
                ('pk', models.CompositePrimaryKey('folder', 'viewer', 'uid', blank=True, editable=False, primary_key=True, serialize=False)),
                ('uid', models.BigIntegerField()),
                ('seen', models.BooleanField()),
                ('modseq', models.BigIntegerField()),
                ('folder', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='store.folder')),
                ('viewer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='directory.account')),
            ],
        ),
        migrations.CreateModel(
            name='Thread',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('created_modseq', models.BigIntegerField()),
                ('changed_modseq', models.BigIntegerField()),
                ('joined_to', models.BigIntegerField(null=True)),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='directory.account')),
            ],
        ),
        migrations.CreateModel(
            name='ThreadRef',
            fields=[
                ('pk', models.CompositePrimaryKey('account', 'ref_hash', blank=True, editable=False, primary_key=True, serialize=False)),
                ('ref_hash', models.BigIntegerField()),
                ('thread_id', models.BigIntegerField()),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='directory.account')),
            ],
        ),
        migrations.CreateModel(
            name='Tombstone',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=16)),
                ('object_id', models.BigIntegerField()),
                ('modseq', models.BigIntegerField()),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='directory.account')),
            ],
        ),
        migrations.CreateModel(
            name='ViewerState',
            fields=[
                ('pk', models.CompositePrimaryKey('folder', 'viewer', blank=True, editable=False, primary_key=True, serialize=False)),
                ('unseen', models.BigIntegerField(default=0)),
                ('floor', models.BigIntegerField(default=0)),
                ('folder', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='store.folder')),
                ('viewer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='directory.account')),
            ],
        ),
        migrations.CreateModel(
            name='BlobPin',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=16)),
                ('holder', models.BigIntegerField()),
                ('until', models.DateTimeField(null=True)),
                ('blob', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='store.blob')),
            ],
            options={
                'constraints': [models.UniqueConstraint(models.F('kind'), models.F('holder'), models.F('blob'), name='blob_pin_once')],
            },
        ),
        migrations.AddIndex(
            model_name='folder',
            index=models.Index(models.F('account'), models.F('changed_modseq'), name='folder_account_changed'),
        ),
        migrations.AddIndex(
            model_name='folder',
            index=models.Index(models.F('id'), condition=models.Q(models.Q(('deleted_at', None), _negated=True), ('drained', False)), name='folder_to_drain'),
        ),
        migrations.AddConstraint(
            model_name='folder',
            constraint=models.UniqueConstraint(models.F('account'), models.F('name'), condition=models.Q(('deleted_at', None)), name='folder_name_once'),
        ),
        migrations.AddConstraint(
            model_name='folder',
            constraint=models.UniqueConstraint(models.F('account'), models.F('special_use'), condition=models.Q(('deleted_at', None), models.Q(('special_use', ''), _negated=True)), name='folder_special_use_once'),
        ),
        migrations.AddConstraint(
            model_name='folder',
            constraint=models.CheckConstraint(condition=models.Q(('uidnext__gte', 1), ('uidvalidity__gte', 1)), name='folder_uids_positive'),
        ),
        migrations.AddConstraint(
            model_name='folder',
            constraint=models.CheckConstraint(condition=models.Q(('deleted__gte', 0), ('messages__gte', 0), ('size__gte', 0), ('unseen__gte', 0), ('unseen__lte', models.F('messages'))), name='folder_counters_possible'),
        ),
        migrations.AddConstraint(
            model_name='keyword',
            constraint=models.UniqueConstraint(models.F('account'), models.F('number'), name='keyword_number_once'),
        ),
        migrations.AddConstraint(
            model_name='keyword',
            constraint=models.UniqueConstraint(models.F('account'), models.F('folded'), name='keyword_name_once'),
        ),
        migrations.AddField(
            model_name='searchtext',
            name='account',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.account'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(models.F('account'), models.F('created_modseq'), name='message_account_modseq'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(models.F('blob'), name='message_blob'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(models.F('account'), models.F('message_id'), condition=models.Q(('message_id', ''), _negated=True), name='message_account_message_id'),
        ),
        migrations.AddIndex(
            model_name='expunged',
            index=models.Index(models.F('folder'), models.F('modseq'), name='expunged_folder_modseq'),
        ),
        migrations.AddIndex(
            model_name='expunged',
            index=models.Index(models.F('message'), condition=models.Q(('message__isnull', False)), name='expunged_message'),
        ),
        migrations.AddIndex(
            model_name='expunged',
            index=models.Index(models.F('account'), models.F('expunged_at'), name='expunged_account_at'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(models.F('folder'), models.F('modseq'), name='entry_folder_modseq'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(models.F('message'), name='entry_message'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(models.F('folder'), models.F('internal_date'), models.F('uid'), name='entry_folder_date'),
        ),
        migrations.AddConstraint(
            model_name='blob',
            constraint=models.UniqueConstraint(models.F('hash'), name='blob_hash_once'),
        ),
        migrations.AddConstraint(
            model_name='blob',
            constraint=models.CheckConstraint(condition=models.Q(('data__isnull', True), ('pack__isnull', True), _connector='XOR'), name='blob_bytes_in_one_place'),
        ),
        migrations.AddIndex(
            model_name='seen',
            index=models.Index(models.F('folder'), models.F('viewer'), models.F('modseq'), name='seen_viewer_modseq'),
        ),
        migrations.AddIndex(
            model_name='thread',
            index=models.Index(models.F('account'), models.F('changed_modseq'), name='thread_account_changed'),
        ),
        migrations.AddIndex(
            model_name='tombstone',
            index=models.Index(models.F('account'), models.F('kind'), models.F('modseq'), name='tombstone_modseq'),
        ),
        migrations.RunSQL(STORAGE, STORAGE_BACK),
        migrations.RunSQL(SEQUENCE, SEQUENCE_BACK),
    ]
