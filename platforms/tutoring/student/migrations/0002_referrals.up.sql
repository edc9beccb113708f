-- When the referrer gets the coins: after the first course of the referred student opened.
ALTER TABLE referrals ADD COLUMN reward_due_at {timestamp};

ALTER TABLE referrals ADD COLUMN rewarded_at {timestamp};

CREATE INDEX referrals_due ON referrals (reward_due_at);

-- The times of the messages with the allocation, and with the date of a session. Older messages may
-- arrive later.
ALTER TABLE my_courses ADD COLUMN allocated_at {timestamp};

ALTER TABLE my_sessions ADD COLUMN changed_at {timestamp};
