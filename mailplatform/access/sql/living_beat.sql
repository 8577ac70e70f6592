-- A sign of life of a process, and what it has to know: the epochs of access and directory, whether it had been forgotten (then it
-- writes all its sessions anew), and the numbers of those sessions whose end somebody asked for. process, pid: numbers; role, host: texts.
-- explain: {"process": 1, "role": "imap", "host": "a", "pid": 1}
WITH beat AS (
    INSERT INTO access_living_process (id, role, host, pid, seen_at)
    VALUES (%(process)s::bigint, %(role)s::text, %(host)s::text, %(pid)s::int, clock_timestamp())
    ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at
    RETURNING xmax = 0 AS forgotten
)
SELECT a.value, d.value, beat.forgotten,
       ARRAY(SELECT number FROM access_living_session WHERE process_id = %(process)s::bigint AND ending_at IS NOT NULL)
FROM beat, access_epoch a, directory_epoch d
WHERE a.id = 1 AND d.id = 1
