-- One trace_message row for each recipient of each transaction of a batch. Arrays in, nothing out.
-- explain: {"trace_ids": ["00000000000000000000"], "ats": ["2026-11-24T12:00:00Z"], "retentions": [90], "organisation_ids": [1], "account_ids": [1], "directions": ["inbound"], "verdicts": ["accepted"], "reasons": [""], "reverse_paths": ["a@a.test"], "forward_paths": ["b@a.test"], "message_ids": [""], "subjects": [""], "clients": [""], "helos": [""], "sizes": [1]}
INSERT INTO trace_message (trace_id, at, retention, organisation_id, account_id, direction, verdict, reason,
                           reverse_path, forward_path, message_id, subject, client, helo, size)
SELECT * FROM unnest(%(trace_ids)s::text[], %(ats)s::timestamptz[], %(retentions)s::smallint[], %(organisation_ids)s::bigint[],
                     %(account_ids)s::bigint[], %(directions)s::text[], %(verdicts)s::text[], %(reasons)s::text[],
                     %(reverse_paths)s::text[], %(forward_paths)s::text[], %(message_ids)s::text[], %(subjects)s::text[],
                     %(clients)s::text[], %(helos)s::text[], %(sizes)s::bigint[])
