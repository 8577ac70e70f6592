-- Delete messages that no entry and no expunged row names any more, their search text first.
-- explain: {"messages": [1, 2]}
WITH free AS MATERIALIZED (
    SELECT m.id FROM store_message AS m
    WHERE m.id = ANY(%(messages)s::bigint[])
      AND NOT EXISTS (SELECT FROM store_entry AS e WHERE e.message_id = m.id)
      AND NOT EXISTS (SELECT FROM store_expunged AS x WHERE x.message_id = m.id)
), texts AS (
    DELETE FROM store_searchtext AS t USING free AS f WHERE t.message_id = f.id
)
DELETE FROM store_message AS m USING free AS f WHERE m.id = f.id
