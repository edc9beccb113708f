-- From the first attempt of a reversal. The coins may be gone although the call failed.
ALTER TABLE referrals ADD COLUMN reversal_started_at {timestamp};
