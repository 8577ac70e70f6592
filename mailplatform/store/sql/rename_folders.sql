-- Give folders new names, each with a modseq of its own.
-- explain: {"folders": [1], "names": ["Projects"], "modseqs": [7]}
UPDATE store_folder AS f
SET name = n.name, changed_modseq = n.modseq
FROM unnest(%(folders)s::bigint[], %(names)s::text[], %(modseqs)s::bigint[]) AS n (id, name, modseq)
WHERE f.id = n.id
