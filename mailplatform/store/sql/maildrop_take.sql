-- Lease an account's maildrop to a holder where nobody holds it and the last sign-in is old enough; no row when that is not so.
-- before: who took it later than this has to wait.
-- explain: {"account": 1, "holder": "00000000-0000-0000-0000-000000000001", "now": "2026-11-24T00:00:00Z", "until": "2026-11-24T00:00:10Z", "before": "2026-11-24T00:00:00Z"}
INSERT INTO store_maildrop_lock AS held (account_id, holder, taken_at, leased_until)
VALUES (%(account)s::bigint, %(holder)s::uuid, %(now)s::timestamptz, %(until)s::timestamptz)
ON CONFLICT (account_id) DO UPDATE
SET holder = excluded.holder, taken_at = excluded.taken_at, leased_until = excluded.leased_until
WHERE held.leased_until <= %(now)s::timestamptz AND held.taken_at <= %(before)s::timestamptz
RETURNING holder
