-- Who holds a web session, if it may go on: not too old, not idle too long, its credential good, its user and account active.
-- key_hash: of the cookie's key; now, started_after, seen_after: times.
-- explain: {"key_hash": "x", "now": "2026-11-24T00:00:00Z", "started_after": "2026-11-23T00:00:00Z", "seen_after": "2026-11-23T23:00:00Z"}
SELECT s.id, s.started_at, s.seen_at, s.client_address, s.data,
       u.id, a.id, u.organisation_id, u.login, u.name, u.role, s.credential_id,
       (SELECT value FROM access_epoch WHERE id = 1)
FROM access_websession s
JOIN directory_user u ON u.id = s.user_id AND u.is_active
JOIN access_credential c ON c.id = s.credential_id AND (c.expires_at IS NULL OR c.expires_at > %(now)s::timestamptz)
LEFT JOIN directory_account a ON a.owner_id = u.id AND a.kind = 'personal'
WHERE s.key_hash = %(key_hash)s::text
  AND s.started_at > %(started_after)s::timestamptz
  AND s.seen_at > %(seen_after)s::timestamptz
  AND (a.id IS NULL OR a.state = 'active')
