-- Up to when an account's oldest expunged messages must go, so that the younger ones keep at most `cap` bytes.
-- explain: {"account": 1, "cap": 1000000}
SELECT max(o.expunged_at)
FROM (SELECT x.expunged_at, sum(x.size) OVER (ORDER BY x.expunged_at DESC, x.folder_id, x.uid) AS kept
      FROM store_expunged AS x
      WHERE x.account_id = %(account)s AND x.message_id IS NOT NULL AND x.reason <> 'moved' AND x.restored_at IS NULL) AS o
WHERE o.kept > %(cap)s
