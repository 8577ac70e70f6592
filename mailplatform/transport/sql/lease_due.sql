-- Deferred items whose time has come.
-- explain: {"now": "2026-11-24T12:00:00Z"}
WITH due AS (
  SELECT id FROM transport_queueitem WHERE state = 'deferred' AND due_at <= %(now)s::timestamptz
  ORDER BY id LIMIT 1000 FOR UPDATE SKIP LOCKED
)
UPDATE transport_queueitem AS q SET state = 'ready' FROM due WHERE q.id = due.id
