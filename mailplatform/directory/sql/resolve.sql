-- One answer to RCPT for a set of addresses: the row of each that speaks for it, and everything that row leads to.
-- keys, originals, domains: arrays of one length; a key is the canonical localpart, an original keeps its case for the detail.
-- Precedence: exact, then without the subaddress, then the catch-all. A disabled row still speaks (and says no), so that
-- disabling an address does not hand its mail to the catch-all. UNION (not ALL) ends loops: a row, once reached with one
-- detail, is not walked again. OFFSET 0 keeps the planner from reading all targets of the house to find those of one row.
-- explain: {"keys": ["u1+x", "nobody"], "originals": ["u1+X", "nobody"], "domains": ["a.test", "b.test"]}
WITH RECURSIVE asked AS (
  SELECT n, key, original, domain
  FROM unnest(%(keys)s::text[], %(originals)s::text[], %(domains)s::text[]) WITH ORDINALITY AS t(key, original, domain, n)
), placed AS (
  SELECT a.n, a.key, a.original, c.id AS domain_id, c.organisation_id, c.max_message_size, c.max_recipients,
         c.subaddress_separator AS separator, d.enabled AND c.enabled AS enabled
  FROM asked a
  JOIN directory_domain d ON d.name = a.domain
  JOIN directory_domain c ON c.id = coalesce(d.alias_of_id, d.id)
), head AS (
  SELECT p.n, p.domain_id, p.organisation_id, p.max_message_size, p.max_recipients,
         l.id, l.localpart, l.kind, l.account_id, p.enabled AND l.enabled AS enabled, l.posting,
         CASE WHEN l.localpart = p.key OR l.localpart = '' THEN ''
              ELSE substr(p.original, strpos(p.original, p.separator) + 1) END AS detail
  FROM placed p
  LEFT JOIN LATERAL (
    SELECT x.id, x.localpart, x.kind, x.account_id, x.enabled, x.posting
    FROM directory_localaddress x
    WHERE x.domain_id = p.domain_id
      AND x.localpart IN (
        p.key, '',
        CASE WHEN p.separator <> '' AND strpos(p.key, p.separator) > 1
             THEN substr(p.key, 1, strpos(p.key, p.separator) - 1) ELSE p.key END)
    ORDER BY x.localpart = p.key DESC, x.localpart <> '' DESC
    LIMIT 1
  ) l ON true
), expanded AS (
  SELECT h.n, h.id, h.domain_id, h.localpart, h.kind, h.account_id, h.posting, h.detail
  FROM head h WHERE h.enabled
  UNION
  SELECT e.n, s.id, s.domain_id, s.localpart, s.kind, s.account_id, s.posting,
         CASE WHEN s.detail <> '' THEN s.detail WHEN e.kind = 'group' THEN '' ELSE e.detail END
  FROM expanded e
  CROSS JOIN LATERAL (
    SELECT l.id, l.domain_id, l.localpart, l.kind, l.account_id, l.posting, t.detail
    FROM (SELECT x.address_id, x.detail FROM directory_target x WHERE x.source_id = e.id OFFSET 0) t
    JOIN directory_localaddress l ON l.id = t.address_id AND l.enabled
    JOIN directory_domain d ON d.id = l.domain_id AND d.enabled
  ) s
  WHERE e.kind NOT IN ('account', 'discard')
)
SELECT q.n, h.organisation_id, h.localpart, h.max_message_size, h.max_recipients,
       e.kind, e.localpart, ed.name, e.posting, e.detail,
       a.id, coalesce(a.quota_bytes, ad.account_quota_bytes), coalesce(a.quota_messages, ad.account_quota_messages),
       coalesce(a.max_message_size, ad.max_message_size), ad.id, ad.quota_bytes, ad.quota_messages,
       o.outside, (SELECT value FROM directory_epoch WHERE id = 1)
FROM asked q
LEFT JOIN head h ON h.n = q.n
LEFT JOIN expanded e ON e.n = h.n
LEFT JOIN directory_domain ed ON ed.id = e.domain_id
LEFT JOIN directory_account a ON a.id = e.account_id AND a.state <> 'closed'
LEFT JOIN directory_domain ad ON ad.id = a.domain_id
LEFT JOIN directory_target o ON o.source_id = e.id AND o.outside <> ''
ORDER BY q.n, a.id, e.detail, o.outside
