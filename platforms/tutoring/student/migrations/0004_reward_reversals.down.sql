-- on postgres, sqlite:
DROP INDEX referrals_reversal;
-- end
-- on mysql, mariadb:
DROP INDEX referrals_reversal ON referrals;
-- end

ALTER TABLE referrals DROP COLUMN reversals;

ALTER TABLE referrals DROP COLUMN reversal_due_at;

ALTER TABLE referrals DROP COLUMN reward_started_at;
