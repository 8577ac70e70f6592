-- What a SCRAM challenge of a login is made of, from one moment: the name of the domain that the login belongs to, the user with the
-- salt of their verifiers, and every credential that has one and may be proved so. A domain without the user answers one row with
-- nulls after its name. before: the localpart as an address writes it; domain: canonical; now: a time.
-- explain: {"before": "u1", "domain": "a.test", "now": "2026-11-24T00:00:00Z"}
SELECT m.name, u.id, u.organisation_id, u.login, u.name, u.role, u.is_active AND coalesce(a.state = 'active', true), a.id,
       (SELECT value FROM access_epoch WHERE id = 1), p.salt, p.iterations,
       c.id, c.kind, c.scopes, c.scram_stored, c.scram_server, c.last_used_at
FROM directory_domain d
JOIN directory_domain m ON m.id = coalesce(d.alias_of_id, d.id)
LEFT JOIN directory_user u ON u.login = %(before)s::text || '@' || m.name
LEFT JOIN directory_organisation o ON o.id = u.organisation_id
LEFT JOIN access_scramparameters p ON p.user_id = u.id
LEFT JOIN access_credential c ON c.user_id = u.id AND c.scram_stored IS NOT NULL
                             AND (c.expires_at IS NULL OR c.expires_at > %(now)s::timestamptz)
                             AND (c.kind = 'app_password' OR o.scram_for_passwords)
LEFT JOIN directory_account a ON a.owner_id = u.id AND a.kind = 'personal'
WHERE d.name = %(domain)s::text
ORDER BY c.id
