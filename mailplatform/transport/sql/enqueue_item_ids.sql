-- Ids for queue items.
-- explain: {"number": 1}
SELECT nextval('transport_queueitem_id_seq') FROM generate_series(1, %(number)s::integer)
