DROP TABLE account_recovery_codes;

DROP TABLE account_second_factors;

DROP TABLE account_one_time_tokens;

DROP TABLE account_failures;

DROP TABLE account_versions;

DROP TABLE account_used_tokens;

DROP TABLE account_sessions;
