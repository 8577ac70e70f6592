-- The events of a batch. Arrays in, nothing out; params travel as JSON text.
-- explain: {"trace_ids": ["00000000000000000000"], "ats": ["2026-11-24T12:00:00Z"], "retentions": [90], "codes": ["placed"], "params": ["{}"]}
INSERT INTO trace_event (trace_id, at, retention, code, params)
SELECT t.trace_id, t.at, t.retention, t.code, t.params::jsonb
FROM unnest(%(trace_ids)s::text[], %(ats)s::timestamptz[], %(retentions)s::smallint[], %(codes)s::text[], %(params)s::text[])
     AS t (trace_id, at, retention, code, params)
