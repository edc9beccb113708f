-- The changes of operators at run time, as one document of each service.
CREATE TABLE feature_flag_changes (
    name {string} NOT NULL PRIMARY KEY,
    version {bigint} NOT NULL,
    -- JSON.
    state {bytes} NOT NULL
);
