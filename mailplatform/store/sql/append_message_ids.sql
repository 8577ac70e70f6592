-- Beginnings of blocks of 256 message ids (the sequence counts in steps of 256).
-- explain: {"blocks": 1}
SELECT nextval('store_message_id_seq') FROM generate_series(1, %(blocks)s::integer)
