-- Copies in Sent that we made ourselves; what a client uploads there in their place replaces them.
-- explain: {"messages": [1], "now": "2026-11-24T12:00:00Z"}
INSERT INTO store_autocopy (message_id, created_at)
SELECT t.message_id, %(now)s::timestamptz FROM unnest(%(messages)s::bigint[]) AS t (message_id)
