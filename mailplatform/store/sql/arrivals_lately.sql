-- How many arrivals were committed since a moment, counted up to a limit.
-- explain: {"since": {"ago": 60}, "limit": 100}
SELECT count(*) FROM (SELECT FROM store_arrival WHERE created_at > %(since)s LIMIT %(limit)s) AS lately
