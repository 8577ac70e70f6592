-- Threads that a message joined, and those that it showed to be one with an older thread (0: none; told once).
-- explain: {"ids": [1], "modseqs": [1], "joins": [0]}
UPDATE store_thread AS t
SET changed_modseq = n.modseq, joined_to = coalesce(t.joined_to, nullif(n.joined_to, 0))
FROM unnest(%(ids)s::bigint[], %(modseqs)s::bigint[], %(joins)s::bigint[]) AS n (id, modseq, joined_to)
WHERE t.id = n.id
