ALTER TABLE account_api_keys DROP COLUMN version;
