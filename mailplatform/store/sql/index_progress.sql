-- Note how far an account's search text is written.
-- explain: {"account": 1, "modseq": 9}
INSERT INTO store_indexed AS i (account_id, modseq) VALUES (%(account)s, %(modseq)s)
ON CONFLICT (account_id) DO UPDATE SET modseq = greatest(i.modseq, excluded.modseq)
