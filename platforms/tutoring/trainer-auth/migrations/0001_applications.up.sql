CREATE TABLE pincodes (
    pincode {string} NOT NULL PRIMARY KEY,
    city {string} NOT NULL,
    district {string} NOT NULL,
    state {string} NOT NULL,
    zone {string},
    locality {string}
);

-- Published courses, a copy of the topic course-changed.
CREATE TABLE courses (
    id {uuid} NOT NULL PRIMARY KEY,
    title {string} NOT NULL,
    category {string} NOT NULL,
    is_published {boolean} NOT NULL,
    version {bigint} NOT NULL
);

CREATE TABLE trainer_applications (
    id {uuid} NOT NULL PRIMARY KEY,
    trainer_id {uuid} NOT NULL,
    review_status {string} NOT NULL,
    -- The application as the trainer sent it.
    form {json} NOT NULL,
    consents_given {boolean} NOT NULL,
    -- The place that decides which admins see the application.
    state {string} NOT NULL,
    district {string},
    zone {string},
    locality {string},
    -- The place of an approved trainer.
    city {string},
    latitude {float},
    longitude {float},
    location_status {string},
    reviewed_by {uuid},
    reviewed_at {timestamp},
    review_notes {text},
    -- Increases with every change.
    version {bigint} NOT NULL,
    submitted_at {timestamp} NOT NULL,
    created_at {timestamp} NOT NULL,
    updated_at {timestamp} NOT NULL,
    CONSTRAINT trainer_applications_status CHECK (review_status IN ('PENDING', 'APPROVED', 'REJECTED', 'ON_HOLD')),
    CONSTRAINT trainer_applications_consents CHECK (consents_given)
);

CREATE UNIQUE INDEX trainer_applications_trainer ON trainer_applications (trainer_id);

CREATE INDEX trainer_applications_review ON trainer_applications (review_status, submitted_at, id);

CREATE TABLE trainer_documents (
    application_id {uuid} NOT NULL,
    kind {string} NOT NULL,
    object_key {string} NOT NULL,
    -- The entity tag of the checked content.
    etag {string} NOT NULL,
    created_at {timestamp} NOT NULL,
    PRIMARY KEY (application_id, kind),
    CONSTRAINT trainer_documents_application FOREIGN KEY (application_id) REFERENCES trainer_applications (id) ON DELETE CASCADE
);
