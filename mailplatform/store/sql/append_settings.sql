-- For this transaction: indexes only, and a plan made once. The committer's statements run against tables that grow from empty to
-- millions under one cached plan; a plan made while a table was small must not be a scan of it.
-- explain: {}
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
       set_config('enable_mergejoin', 'off', true), set_config('plan_cache_mode', 'force_generic_plan', true)
