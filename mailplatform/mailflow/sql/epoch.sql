-- The directory's epoch, read beside the locks of a batch.
-- explain: {}
SELECT value FROM directory_epoch WHERE id = 1
