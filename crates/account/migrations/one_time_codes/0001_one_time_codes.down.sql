DROP TABLE account_one_time_codes;
