-- The flat net: whole rows as JSON, where a partition is missing. Arrays in, nothing out.
-- explain: {"trace_ids": ["00000000000000000000"], "ats": ["2026-11-24T12:00:00Z"], "kinds": ["event"], "rows": ["{}"]}
INSERT INTO trace_spill (trace_id, at, kind, "row")
SELECT t.trace_id, t.at, t.kind, t."row"::jsonb
FROM unnest(%(trace_ids)s::text[], %(ats)s::timestamptz[], %(kinds)s::text[], %(rows)s::text[]) AS t (trace_id, at, kind, "row")
