-- The app passwords of a login that have verifiers, with whom each lets in. before: the localpart as an address writes it;
-- domain: canonical; now: a time.
-- explain: {"before": "u1", "domain": "a.test", "now": "2026-11-24T00:00:00Z"}
SELECT u.id, u.organisation_id, u.login, u.name, u.role, a.id, a.state, (SELECT value FROM access_epoch WHERE id = 1),
       c.id, c.scopes, c.scram_stored, c.scram_server, c.last_used_at, p.salt, p.iterations
FROM directory_domain d
JOIN directory_domain m ON m.id = coalesce(d.alias_of_id, d.id)
JOIN directory_user u ON u.login = %(before)s::text || '@' || m.name AND u.is_active
JOIN access_scramparameters p ON p.user_id = u.id
JOIN access_credential c ON c.user_id = u.id AND c.scram_stored IS NOT NULL
                        AND (c.expires_at IS NULL OR c.expires_at > %(now)s::timestamptz)
LEFT JOIN directory_account a ON a.owner_id = u.id AND a.kind = 'personal'
WHERE d.name = %(domain)s::text
ORDER BY c.id
