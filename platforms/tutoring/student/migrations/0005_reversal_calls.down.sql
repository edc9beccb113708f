ALTER TABLE referrals DROP COLUMN reversal_started_at;
