-- From where each of these users may come in: the rules made for them, for groups they are members of (through aliases and groups in
-- groups as well), for the domain of their login, and for all. users: their ids.
-- explain: {"users": [1, 2]}
WITH RECURSIVE who AS (
    SELECT u.id, u.organisation_id, u.login, d.id AS domain_id, d.name AS domain
    FROM directory_user u
    LEFT JOIN directory_domain d ON d.name = substring(u.login FROM '[^@]*$')
    WHERE u.id = ANY(%(users)s::bigint[])
), reached (user_id, address_id) AS (
    SELECT w.id, l.id
    FROM who w
    JOIN directory_account a ON a.owner_id = w.id AND a.kind = 'personal'
    JOIN directory_localaddress l ON l.account_id = a.id
    UNION
    SELECT r.user_id, s.id
    FROM reached r
    JOIN directory_target t ON t.address_id = r.address_id
    JOIN directory_localaddress s ON s.id = t.source_id AND s.kind IN ('group', 'alias')
), found (user_id, level, subject, protocol, network_id) AS (
    SELECT w.id, 'user', w.login, r.protocol, r.network_id FROM who w JOIN access_network_rule r ON r.user_id = w.id
    UNION ALL
    SELECT g.user_id, 'group', l.localpart || '@' || d.name, r.protocol, r.network_id
    FROM reached g
    JOIN access_network_rule r ON r.group_id = g.address_id
    JOIN directory_localaddress l ON l.id = g.address_id
    JOIN directory_domain d ON d.id = l.domain_id
    UNION ALL
    SELECT w.id, 'domain', w.domain, r.protocol, r.network_id FROM who w JOIN access_network_rule r ON r.domain_id = w.domain_id
    UNION ALL
    SELECT w.id, 'organisation', o.name, r.protocol, r.network_id
    FROM who w
    JOIN access_network_rule r ON r.organisation_id = w.organisation_id
                              AND r.user_id IS NULL AND r.group_id IS NULL AND r.domain_id IS NULL
    JOIN directory_organisation o ON o.id = w.organisation_id
)
SELECT f.user_id, f.level, f.subject, f.protocol, n.name, n.cidrs
FROM found f
JOIN access_network n ON n.id = f.network_id
ORDER BY f.user_id, f.level, f.subject, f.protocol, n.name
