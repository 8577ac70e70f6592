-- The messages of an account that grow when they are sent as lines that end with CRLF, and by how much: few, if any.
-- explain: {"account": 1}
SELECT id, line_octets FROM store_message WHERE account_id = %(account)s::bigint AND line_octets <> 0
