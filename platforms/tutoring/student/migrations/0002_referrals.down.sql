ALTER TABLE my_sessions DROP COLUMN changed_at;

ALTER TABLE my_courses DROP COLUMN allocated_at;

-- on postgres, sqlite:
DROP INDEX referrals_due;
-- end
-- on mysql:
DROP INDEX referrals_due ON referrals;
-- end

ALTER TABLE referrals DROP COLUMN rewarded_at;

ALTER TABLE referrals DROP COLUMN reward_due_at;
