DROP TABLE account_api_keys;
