-- Ids for outbound messages.
-- explain: {"number": 1}
SELECT nextval('transport_outboundmessage_id_seq') FROM generate_series(1, %(number)s::integer)
