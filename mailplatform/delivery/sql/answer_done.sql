-- These answers are made, in the transaction that carries them.
-- explain: {"ids": [1], "now": "2026-11-24T12:00:00Z"}
UPDATE delivery_answer SET due = false, made_at = %(now)s::timestamptz WHERE id = ANY(%(ids)s::bigint[]) AND due
