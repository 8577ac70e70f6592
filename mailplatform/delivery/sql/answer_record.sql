-- Senders who are answered now: those who were not within their period. Their accounts are locked by the arrival.
-- explain: {"accounts": [1], "senders": ["x@out.test"], "sender_keys": ["00ff"], "untils": ["2026-12-01T12:00:00Z"], "addresses": ["u1@a.test"], "message_ids": ["<1@out.test>"], "refs": [""], "subjects": ["hello"], "languages": ["it"], "insides": [false], "trace_ids": ["t"], "now": "2026-11-24T12:00:00Z"}
INSERT INTO delivery_answer AS a (account_id, sender_key, until, due, recorded_at, made_at, sender, address, message_id, "references",
                                  subject, language, inside, trace_id)
SELECT t.account_id, t.sender_key, t.until, true, %(now)s::timestamptz, NULL, t.sender, t.address, t.message_id, t.refs,
       t.subject, t.language, t.inside, t.trace_id
FROM unnest(%(accounts)s::bigint[], %(senders)s::text[], %(sender_keys)s::text[], %(untils)s::timestamptz[], %(addresses)s::text[],
            %(message_ids)s::text[], %(refs)s::text[], %(subjects)s::text[], %(languages)s::text[], %(insides)s::bool[],
            %(trace_ids)s::text[])
     AS t (account_id, sender, sender_key, until, address, message_id, refs, subject, language, inside, trace_id)
ORDER BY t.account_id, t.sender_key
ON CONFLICT (account_id, sender_key) DO UPDATE
SET until = excluded.until, due = true, recorded_at = excluded.recorded_at, made_at = NULL, sender = excluded.sender,
    address = excluded.address, message_id = excluded.message_id, "references" = excluded."references", subject = excluded.subject,
    language = excluded.language, inside = excluded.inside, trace_id = excluded.trace_id
WHERE a.until <= %(now)s::timestamptz AND NOT a.due
RETURNING a.account_id, a.sender_key, a.trace_id
