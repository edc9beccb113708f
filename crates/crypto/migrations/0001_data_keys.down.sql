DROP TABLE kms_purpose_keys;

DROP TABLE kms_data_keys;
