-- A large blob that stands in a pack already: where, and kept from the collector for another day.
-- explain: {"hash": "\\x00", "now": "2026-11-24T12:00:00Z"}
UPDATE store_blob SET touched = %(now)s::timestamptz
WHERE hash = %(hash)s::bytea AND pack_id IS NOT NULL
RETURNING size, codec, pack_id, pack_offset, pack_length
