-- The leases of a process, renewed at once. Answers which are still its own.
-- explain: {"accounts": [1], "holders": ["00000000-0000-0000-0000-000000000001"], "until": "2026-11-24T00:00:10Z"}
UPDATE store_maildrop_lock AS held SET leased_until = %(until)s::timestamptz
FROM unnest(%(accounts)s::bigint[], %(holders)s::uuid[]) AS mine(account_id, holder)
WHERE held.account_id = mine.account_id AND held.holder = mine.holder
RETURNING held.holder
