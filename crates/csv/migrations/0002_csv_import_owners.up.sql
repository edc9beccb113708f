-- One row per owner, whose lock serializes the check of the quota.
CREATE TABLE csv_import_owners (
    owner_id {string} NOT NULL,
    kind {string} NOT NULL,
    changes {bigint} NOT NULL,
    PRIMARY KEY (owner_id, kind)
);
