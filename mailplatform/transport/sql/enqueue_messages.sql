-- Outbound messages of a batch, each with the pin that keeps its blob.
-- explain: {"ids": [1], "blobs": [1], "prefixes": [""], "trace_ids": ["00000000000000000000"], "reverse_paths": [""], "rets": [""], "envids": [""], "submitters": [null], "smtputf8s": [false], "body8bits": [true], "sizes": [1], "now": "2026-11-24T12:00:00Z", "kind": "queue"}
WITH new AS (
  SELECT * FROM unnest(%(ids)s::bigint[], %(blobs)s::bigint[], %(prefixes)s::bytea[], %(trace_ids)s::text[],
                       %(reverse_paths)s::text[], %(rets)s::text[], %(envids)s::text[], %(submitters)s::bigint[],
                       %(smtputf8s)s::boolean[], %(body8bits)s::boolean[], %(sizes)s::bigint[])
       AS m (id, blob_id, prefix, trace_id, reverse_path, ret, envid, submitter, smtputf8, body8bit, size)
), pinned AS (
  INSERT INTO store_blobpin (blob_id, kind, holder) SELECT blob_id, %(kind)s::text, id FROM new
)
INSERT INTO transport_outboundmessage (id, blob_id, prefix, trace_id, reverse_path, ret, envid, submitter, smtputf8, body8bit, size, created_at)
SELECT id, blob_id, prefix, trace_id, reverse_path, ret, envid, submitter, smtputf8, body8bit, size, %(now)s::timestamptz FROM new
