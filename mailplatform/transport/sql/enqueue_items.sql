-- One item a recipient, ready at its time.
-- explain: {"ids": [1], "messages": [1], "transports": ["local"], "destinations": ["u1@a.test"], "forward_paths": ["u1@a.test"], "accounts": [1], "orcpts": [""], "notifies": [""], "dues": ["2026-11-24T12:00:00Z"], "expires": [null]}
INSERT INTO transport_queueitem (id, message_id, transport, destination, forward_path, account_id, orcpt, notify, state, due_at,
                                 expires_at, attempts, in_doubt, dsn_due, last_reply)
SELECT i.id, i.message_id, i.transport, i.destination, i.forward_path, i.account_id, i.orcpt, i.notify, 'ready', i.due_at,
       i.expires_at, 0, false, '', ''
FROM unnest(%(ids)s::bigint[], %(messages)s::bigint[], %(transports)s::text[], %(destinations)s::text[], %(forward_paths)s::text[],
            %(accounts)s::bigint[], %(orcpts)s::text[], %(notifies)s::text[], %(dues)s::timestamptz[], %(expires)s::timestamptz[])
     AS i (id, message_id, transport, destination, forward_path, account_id, orcpt, notify, due_at, expires_at)
