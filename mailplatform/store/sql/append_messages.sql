-- One immutable message a placement.
-- explain: {"ids": [1], "accounts": [1], "blobs": [1], "prefixes": [""], "sizes": [1], "threads": [1], "modseqs": [1], "envelopes": [""], "bodystructures": [""], "message_ids": [""], "sents": [null], "subjects": [""], "subject_keys": [""], "from_texts": [""], "to_texts": [""], "cc_texts": [""], "bcc_texts": [""], "from_keys": [""], "to_keys": [""], "cc_keys": [""], "authors": [""], "previews": [""], "attachments": [false], "lines": [0]}
INSERT INTO store_message (id, account_id, blob_id, prefix, size, thread_id, created_modseq, envelope, bodystructure, message_id,
                           sent_at, subject, subject_key, from_text, to_text, cc_text, bcc_text, from_key, to_key, cc_key, author,
                           preview, has_attachment, line_octets)
SELECT * FROM unnest(%(ids)s::bigint[], %(accounts)s::bigint[], %(blobs)s::bigint[], %(prefixes)s::bytea[], %(sizes)s::bigint[],
                     %(threads)s::bigint[], %(modseqs)s::bigint[], %(envelopes)s::bytea[], %(bodystructures)s::bytea[],
                     %(message_ids)s::text[], %(sents)s::timestamptz[], %(subjects)s::text[], %(subject_keys)s::text[],
                     %(from_texts)s::text[], %(to_texts)s::text[], %(cc_texts)s::text[], %(bcc_texts)s::text[],
                     %(from_keys)s::text[], %(to_keys)s::text[], %(cc_keys)s::text[], %(authors)s::text[], %(previews)s::text[],
                     %(attachments)s::boolean[], %(lines)s::integer[])
