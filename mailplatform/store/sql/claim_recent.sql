-- Take the first recent uid of a folder and let later sessions begin after all that is there now.
-- explain: {"folder": 1}
WITH before AS MATERIALIZED (
    SELECT id, recent_from, uidnext FROM store_folder WHERE id = %(folder)s AND deleted_at IS NULL FOR NO KEY UPDATE
), moved AS (
    UPDATE store_folder AS f SET recent_from = b.uidnext
    FROM before AS b
    WHERE f.id = b.id AND b.recent_from < b.uidnext
)
SELECT recent_from FROM before
