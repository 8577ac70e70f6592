-- Keywords that an account did not have.
-- explain: {"accounts": [1], "numbers": [1], "names": ["a"], "foldeds": ["a"]}
INSERT INTO store_keyword (account_id, number, name, folded)
SELECT * FROM unnest(%(accounts)s::bigint[], %(numbers)s::integer[], %(names)s::text[], %(foldeds)s::text[])
