-- This transaction does not wait for the disk: it holds nothing that a crash of the server may not take back.
-- explain: {}
SELECT set_config('synchronous_commit', 'off', true)
