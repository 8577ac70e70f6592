-- One Postgres role a process of mailplatform, each with what its work needs and nothing more.
--
-- Run by `manage.py prepare` as the owner of the tables, after every migration; by hand:
--     psql --single-transaction -v ON_ERROR_STOP=1 -f docker/postgres/roles.sql "DSN of the owner"
-- It may be run again at any time: what is granted here is all that these roles have afterwards. Roles that are missing are made
-- (that needs CREATEROLE; without it make them before, see docker/postgres/make-roles.sh), without a password: who may connect is
-- pg_hba.conf's and ALTER ROLE's matter.
--
-- What the matrix promises, and tests/interop/test_database_roles.py tries: the MX cannot read a credential; IMAP and POP3 cannot
-- write the directory; the indexer sees neither queue nor directory; the web cannot read a message; nobody but the owner
-- changes a table.
DO $roles$
DECLARE
    prefix CONSTANT text := 'mailplatform_';
    wanted record;
    role text;
    found text;
BEGIN
    FOREACH role IN ARRAY string_to_array('index agent outbound worker smtp submission lmtp imap pop3 web', ' ') LOOP
        role := prefix || role;
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOINHERIT', role);
        END IF;
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA public FROM %I', role);
        EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM %I', role);
        EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM %I', role);
        EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', role);
    END LOOP;
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;

    FOR wanted IN
        SELECT string_to_array(roles, ' ') AS roles, rights, string_to_array(tables, ' ') AS tables
        FROM (VALUES
            -- Addresses are resolved by all that take mail in or send it on; the directory is written by the web and by commands.
            ('smtp submission lmtp imap pop3 agent outbound worker', 'SELECT', 'directory_%'),
            ('web', 'SELECT, INSERT, UPDATE, DELETE', 'directory_%'),

            -- Sign-in: the doors where people enter, and the web. The use of a credential is noted, an old hash made anew.
            ('submission imap pop3 web', 'SELECT', 'access_%'),
            ('submission imap pop3',
             'UPDATE (last_used_at, last_used_from, last_used_protocol, secret, scram_stored, scram_server)', 'access_credential'),
            ('submission imap pop3 web', 'INSERT, UPDATE', 'access_scramparameters'),
            ('smtp submission lmtp imap pop3', 'SELECT, INSERT, UPDATE, DELETE', 'access_living_%'),
            ('submission imap pop3', 'INSERT, UPDATE, DELETE', 'access_failure'),
            ('submission imap pop3', 'SELECT (id, at), INSERT', 'audit_auditrow'),  -- a lock-out is told to administrators
            ('smtp lmtp', 'SELECT', 'access_epoch'),
            ('web', 'INSERT, UPDATE, DELETE', 'access_%'),
            ('worker', 'SELECT, DELETE', 'access_living_% access_failure access_websession'),

            -- Arrivals: whoever commits units. IMAP and POP3 also expunge; the worker and the indexer tidy up.
            ('smtp submission lmtp agent outbound', 'SELECT, INSERT, UPDATE', 'store_%'),
            ('imap pop3 worker', 'SELECT, INSERT, UPDATE, DELETE', 'store_%'),
            ('agent outbound', 'DELETE', 'store_blobpin'),  -- of messages that are carried
            ('index', 'SELECT', 'store_%'),
            ('index', 'INSERT, UPDATE, DELETE', 'store_indexed store_searchtext'),
            ('index', 'INSERT, UPDATE, DELETE', 'store_accountstate store_entry store_expunged store_folder store_keyword store_seen'),
            ('index', 'UPDATE', 'store_message store_blob'),
            -- The web opens and closes accounts and shows sizes; bodies, headers and search text stay closed to it.
            ('web', 'SELECT, INSERT, UPDATE', 'store_accountstate store_folder store_autocopy store_keyword'),
            ('web', 'SELECT', 'store_entry store_indexed store_viewerstate'),

            -- The queue: filled by arrivals, emptied by agents, tended by the worker and by the web.
            ('smtp submission lmtp imap pop3', 'SELECT, INSERT', 'transport_outboundmessage transport_queueitem'),
            ('smtp submission lmtp imap pop3', 'SELECT', 'transport_route transport_destination'),
            ('agent outbound worker', 'SELECT, INSERT, UPDATE, DELETE', 'transport_%'),
            ('web', 'SELECT, INSERT, UPDATE, DELETE', 'transport_%'),

            -- Autoresponders and the like: read when mail is placed, where it is also noted who was answered.
            ('smtp submission lmtp agent outbound worker imap', 'SELECT, INSERT, UPDATE', 'delivery_%'),
            ('worker outbound', 'DELETE', 'delivery_answer'),
            ('web', 'SELECT, INSERT, UPDATE, DELETE', 'delivery_%'),

            -- The trace is written by all and read by the web; old months are the worker's.
            ('smtp submission lmtp imap pop3 agent outbound worker index web', 'INSERT', 'trace_message trace_event trace_spill'),
            ('web worker', 'SELECT', 'trace_message trace_event trace_spill'),
            ('worker', 'DELETE', 'trace_spill'),
            ('web', 'SELECT, INSERT', 'audit_%'),
            ('web', 'SELECT', 'django_content_type')
        ) AS matrix(roles, rights, tables)
    LOOP
        FOR found IN
            SELECT relname FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
              AND relname LIKE ANY (SELECT replace(pattern, '_', '\_') FROM unnest(wanted.tables) AS pattern)
        LOOP
            FOREACH role IN ARRAY wanted.roles LOOP
                EXECUTE format('GRANT %s ON %I TO %I', wanted.rights, found, prefix || role);
            END LOOP;
        END LOOP;
    END LOOP;

    -- Ids that are drawn ahead of the row; the others are identity columns and need no right of their own.
    FOR found IN SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'S'
        AND relname IN ('store_message_id_seq', 'transport_outboundmessage_id_seq', 'transport_queueitem_id_seq')
    LOOP
        FOREACH role IN ARRAY string_to_array('smtp submission lmtp imap pop3 agent outbound worker', ' ') LOOP
            EXECUTE format('GRANT USAGE ON SEQUENCE %I TO %I', found, prefix || role);
        END LOOP;
    END LOOP;

    -- Partitions are made and dropped by functions that run as the owner; nobody else may call them, and no schema of a caller
    -- stands before ours in them.
    FOR found IN SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = public, pg_temp', found);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', found);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', found, prefix || 'worker');
    END LOOP;
END
$roles$;
