-- Lock answers in id order, those only that are still to be made.
-- explain: {"ids": [1]}
SELECT id FROM delivery_answer WHERE id = ANY(%(ids)s::bigint[]) AND due ORDER BY id FOR UPDATE
