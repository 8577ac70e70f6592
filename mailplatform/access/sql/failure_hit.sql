-- Count a wrong password; how many there were in the window that the first of them began. key, login, network, address, protocol: texts;
-- window: seconds.
-- explain: {"key": "a", "login": "u1@a.test", "network": "", "address": "192.0.2.1", "protocol": "imap", "window": 600}
INSERT INTO access_failure AS f (key, login, network, failures, first_at, last_at, last_address, last_protocol)
VALUES (%(key)s::text, %(login)s::text, %(network)s::text, 1, clock_timestamp(), clock_timestamp(), %(address)s::text, %(protocol)s::text)
ON CONFLICT (key) DO UPDATE
SET failures = CASE WHEN f.first_at < clock_timestamp() - make_interval(secs => %(window)s::float8) THEN 1 ELSE f.failures + 1 END,
    first_at = CASE WHEN f.first_at < clock_timestamp() - make_interval(secs => %(window)s::float8) THEN excluded.first_at ELSE f.first_at END,
    last_at = excluded.last_at, last_address = excluded.last_address, last_protocol = excluded.last_protocol
RETURNING failures
