-- Sessions of one process as they are now; new ones come, known ones change. process: its number; the rest: parallel arrays.
-- explain: {"process": 1, "numbers": [1], "protocols": ["imap"], "states": ["selected"], "users": [1], "organisations": [1], "logins": [""], "folders": [""], "clients": [""], "tls": [""], "addresses": [""], "since": ["2026-11-24T00:00:00Z"], "seen": ["2026-11-24T00:00:00Z"], "octets_in": [1], "octets_out": [1]}
INSERT INTO access_living_session (process_id, number, protocol, state, user_id, organisation_id, login, folder, client, tls,
                                   address, since, seen_at, octets_in, octets_out)
SELECT %(process)s::bigint, *
FROM unnest(%(numbers)s::int[], %(protocols)s::text[], %(states)s::text[], %(users)s::bigint[], %(organisations)s::bigint[],
            %(logins)s::text[], %(folders)s::text[], %(clients)s::text[], %(tls)s::text[], %(addresses)s::text[],
            %(since)s::timestamptz[], %(seen)s::timestamptz[], %(octets_in)s::bigint[], %(octets_out)s::bigint[])
ON CONFLICT (process_id, number) DO UPDATE
SET state = excluded.state, user_id = excluded.user_id, organisation_id = excluded.organisation_id, login = excluded.login,
    folder = excluded.folder, client = excluded.client, tls = excluded.tls, seen_at = excluded.seen_at,
    octets_in = excluded.octets_in, octets_out = excluded.octets_out
RETURNING number
