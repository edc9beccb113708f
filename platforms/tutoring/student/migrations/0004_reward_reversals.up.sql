-- From the first attempt to credit a reward. The coins may have arrived although the call failed.
ALTER TABLE referrals ADD COLUMN reward_started_at {timestamp};

-- When the referrer loses the coins, because all courses of the referred student were refunded.
ALTER TABLE referrals ADD COLUMN reversal_due_at {timestamp};

-- The rewards that the referrer has lost. Each reward has its own reference in the wallet.
ALTER TABLE referrals ADD COLUMN reversals {integer} NOT NULL DEFAULT 0;

CREATE INDEX referrals_reversal ON referrals (reversal_due_at);
