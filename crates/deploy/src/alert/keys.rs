//! Alerts on keys of stored values.

use super::{
    Alert, Severity, TriageStep,
    series::{
        Level::Number,
        Values::{Constant, Interrupted},
    },
};

pub(super) const EXPIRED: &str = "DataKeyExpired";
/// A time after the end of each unit test.
const LATER: u32 = 4_000_000_000;

pub(super) const ALERTS: &[Alert] = &[Alert {
    name: EXPIRED,
    required_metrics: &["data_key_expiry_timestamp_seconds"],
    // A replica that has not read the table since a rotation has an earlier time. One that has
    // never read it has no series.
    expression: "max by (namespace, job) ($data_key_expiry_timestamp_seconds) < time()",
    threshold: 0.0,
    for_duration: "2h",
    severity: Severity::Ticket,
    summary: "encrypts new values with a data key that has expired",
    meaning: "A worker checks the active data key each hour and rotates it after its expiry, so a key near its expiry needs no action. The key has been past its expiry for two hours, so the rotation fails. The service still encrypts new values with the key.",
    causes: &[
        "Every run of the worker fails: the report has its last error. For example, the root key in Vault is not available.",
        "An operator paused the worker: send `POST /workers/WORKER/resume` with the token and the header `x-admin-request: 1` to each pod.",
        "No replica holds the lease of the worker: the alert WorkerLeaseNotHeld fires too.",
    ],
    triage: &[
        TriageStep::Admin(
            "/workers",
            "the last run and the last error of the worker `rotate data keys`",
        ),
        TriageStep::Command(
            "encryption status",
            "each data key with its status, its root key and its expiry",
        ),
    ],
    fires: &[
        (
            "$data_key_expiry_timestamp_seconds{instance=\"a\"}",
            Constant(Number(0)),
        ),
        (
            "$data_key_expiry_timestamp_seconds{instance=\"b\"}",
            Constant(Number(0)),
        ),
    ],
    silent: &[
        // Another replica has read the table after the rotation.
        &[
            (
                "$data_key_expiry_timestamp_seconds{instance=\"a\"}",
                Constant(Number(0)),
            ),
            (
                "$data_key_expiry_timestamp_seconds{instance=\"b\"}",
                Constant(Number(LATER)),
            ),
        ],
        &[(
            "$data_key_expiry_timestamp_seconds{instance=\"a\"}",
            Interrupted(Number(0), Number(LATER)),
        )],
        &[],
    ],
}];
