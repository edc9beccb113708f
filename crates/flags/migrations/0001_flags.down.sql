DROP TABLE feature_flag_changes;
