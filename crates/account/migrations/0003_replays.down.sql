DROP TABLE account_replays;
