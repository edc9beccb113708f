use seaworthy::data::chrono::{DateTime, SecondsFormat, Utc};

/// The code of the error for a purchase of more than 30 sessions.
pub(crate) const TOO_MANY_SESSIONS: &str = "TOO_MANY_SESSIONS";

seaworthy::errors! {
    not_found: NotFound "NOT_FOUND" => "the catalogue has no entry with this ID";
    purchase_not_found: NotFound "PURCHASE_NOT_FOUND" =>
        "the student has no active purchase of this course";
    exam_not_found: NotFound "EXAM_NOT_FOUND" => "the level has no exam";
    attempts_used: Conflict "ATTEMPTS_USED" => "an exam has at most three attempts";
    project_not_found: NotFound "PROJECT_NOT_FOUND" =>
        "you cannot review a project with this ID";
    project_exists: Conflict "PROJECT_EXISTS" =>
        "the level has a project: a new one is possible after a review that requires a revision";
    project_reviewed: Conflict "PROJECT_REVIEWED" =>
        "the project was reviewed: only pending projects can be reviewed";
    certificate_not_found: NotFound "CERTIFICATE_NOT_FOUND" => "no certificate has this number";
    assignment_not_found: NotFound "ASSIGNMENT_NOT_FOUND" => "no assignment has this ID";
    assignment_closed: Conflict "ASSIGNMENT_CLOSED" => "the due time of the assignment has passed";
    submission_exists: Conflict "SUBMISSION_EXISTS" =>
        "you have already submitted this assignment";
    submission_not_found: NotFound "SUBMISSION_NOT_FOUND" =>
        "you cannot grade a submission with this ID";
    sequence_taken: Conflict "SEQUENCE_TAKEN" => "this number is taken: choose the next one";
    not_publishable: Conflict "NOT_PUBLISHABLE" =>
        "a published course needs at least one phase, and ten sessions in each level";
    status_order: Conflict "STATUS_ORDER" => "the status of a course changes from draft to published, and from published to archived";
    /// A purchase of more than 30 sessions. The event is dead-lettered after its last attempt.
    too_many_sessions: Conflict TOO_MANY_SESSIONS => "a purchase has at most 30 sessions";
    purchase_exists: Conflict "PURCHASE_EXISTS" =>
        "the student has an active purchase of this course: upgrade it instead";
    tier_too_low: Conflict "TIER_TOO_LOW" => "an upgrade cannot reduce the number of sessions";
    /// A course or level that no purchase of the student unlocks.
    no_access(reason: &'static str): Forbidden "NO_ACCESS" => reason;
    attempt_too_early(next: DateTime<Utc>): Conflict "ATTEMPT_TOO_EARLY" =>
        "wait 24 hours between two attempts",
        with_metadata("nextAttemptDate", next.to_rfc3339_opts(SecondsFormat::Millis, true));
}
