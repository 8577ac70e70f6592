-- Autovacuum of hot tables, applied after each migration. Reasons stand beside the figures.

-- One row an account, updated by every delivery and change: tiny, so dead rows slow every lock. Vacuum by count.
ALTER TABLE IF EXISTS store_accountstate SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0);
-- Counters of folders: the same, a few rows an account.
ALTER TABLE IF EXISTS store_folder SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);
-- Flags and modseq change in place; (folder, modseq) is indexed, so dead index entries gather. 2 % of a large table.
ALTER TABLE IF EXISTS store_entry SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.02);
-- Written once and rarely deleted: vacuum for the visibility map, so that index-only scans stay cheap.
ALTER TABLE IF EXISTS store_message SET (autovacuum_vacuum_insert_scale_factor = 0.1, autovacuum_analyze_scale_factor = 0.05);
-- Every reuse of a body touches its row.
ALTER TABLE IF EXISTS store_blob SET (autovacuum_vacuum_scale_factor = 0.05);
-- Results of arrivals live a day: as many deletes as inserts.
ALTER TABLE IF EXISTS store_arrival SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
-- A queue: rows come, change a few times and go. An unvacuumed queue is scanned over its dead.
ALTER TABLE IF EXISTS transport_queueitem SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE IF EXISTS transport_destination SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);
-- One row each, updated by every directory or access change.
ALTER TABLE IF EXISTS directory_epoch SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 100);
ALTER TABLE IF EXISTS access_epoch SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 100);
