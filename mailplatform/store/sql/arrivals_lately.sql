-- How many arrivals were committed since a moment, counted up to a limit.
-- explain: {"since": "2026-01-01T00:00:00+00:00", "limit": 100}
SELECT count(*) FROM (SELECT FROM store_arrival WHERE created_at > %(since)s LIMIT %(limit)s) AS lately
