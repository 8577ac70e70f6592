-- These answers are not made after all; until their period is over nobody asks again.
-- explain: {"ids": [1]}
UPDATE delivery_answer SET due = false WHERE id = ANY(%(ids)s::bigint[]) AND due
