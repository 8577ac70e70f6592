-- Answers that are recorded and not made, in the order in which they were.
-- explain: {"after": 0, "limit": 100}
SELECT id, account_id, sender, address, message_id, "references", subject, language, inside, trace_id, until
FROM delivery_answer WHERE due AND id > %(after)s::bigint ORDER BY id LIMIT %(limit)s::bigint
