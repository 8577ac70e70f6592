-- How many answers an account has given since a moment; more than a limit are not counted.
-- explain: {"account": 1, "since": "2026-11-24T12:00:00Z", "limit": 100}
SELECT count(*) FROM (
  SELECT 1 FROM delivery_answer WHERE account_id = %(account)s::bigint AND made_at > %(since)s::timestamptz LIMIT %(limit)s::bigint
) AS lately
