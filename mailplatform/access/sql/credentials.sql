-- Everything a sign-in asks of the database, from one moment: the user of a login (also written with an alias domain), the user's
-- own account, and every credential that has not expired; at its end, whether it still lacks a SCRAM verifier that it should have.
-- A user without credentials answers one row with nulls. before: the localpart as an address writes it; domain: canonical; now: a time.
-- explain: {"before": "u1", "domain": "a.test", "now": "2026-11-24T00:00:00Z"}
SELECT u.id, u.organisation_id, u.login, u.name, u.role, u.is_active, a.id, a.state,
       (SELECT value FROM access_epoch WHERE id = 1),
       c.id, c.kind, c.scopes, c.secret, c.last_used_at,
       c.scram_stored IS NULL AND (c.kind = 'app_password' OR o.scram_for_passwords)
FROM directory_domain d
JOIN directory_domain m ON m.id = coalesce(d.alias_of_id, d.id)
JOIN directory_user u ON u.login = %(before)s::text || '@' || m.name
JOIN directory_organisation o ON o.id = u.organisation_id
LEFT JOIN directory_account a ON a.owner_id = u.id AND a.kind = 'personal'
LEFT JOIN access_credential c ON c.user_id = u.id AND (c.expires_at IS NULL OR c.expires_at > %(now)s::timestamptz)
WHERE d.name = %(domain)s::text
ORDER BY c.id
