//! The workers of the log in a service.

use std::sync::{Arc, Mutex, PoisonError};

use seaworthy_config::Settings;
use seaworthy_core::{Error, Timeout, error_chain};
use seaworthy_data::Database;
use seaworthy_service::{Assembly, Schedule, StartError, Worker};
use seaworthy_telemetry::metrics::{Gauge, Metrics};

use crate::{AuditLog, AuditLogConfig, VerifyError};

/// The interval of pruning. The retention is in days, so an hour is precise enough.
const PRUNE_INTERVAL: Timeout = Timeout::from_secs(60 * 60);
/// The interval of verification, which reads all records.
const VERIFY_INTERVAL: Timeout = Timeout::from_secs(6 * 60 * 60);
/// The timeout of a verification. It is enough for a log of millions of records.
const VERIFY_TIMEOUT: Timeout = Timeout::from_secs(60 * 60);

/// The last record of the last verification: its number and its hash.
type LastRecord = Arc<Mutex<Option<(i64, String)>>>;

impl AuditLog {
    /// Creates the log of a service, and [starts its workers](Self::start_workers).
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn start<C: Settings>(
        service: &Assembly<C>,
        database: &Database,
        config: &AuditLogConfig,
    ) -> Result<Self, StartError> {
        let log = Self::new(database.clone(), config)?;
        log.start_workers(service, config);
        Ok(log)
    }

    /// Starts the worker that verifies the log. With `retention_days`, also starts the worker
    /// that removes older records. Logs a warning for each additional key without `last`.
    pub fn start_workers<C: Settings>(&self, service: &Assembly<C>, config: &AuditLogConfig) {
        for name in self.keys.without_last() {
            let setting = format!("audit_log.additional_verification_keys.{name}.last");
            tracing::warn!(
                setting,
                "the last record of an additional audit log key is not set, so an attacker who has the key can alter the log: run `audit-log verify` and set it"
            );
        }
        service.worker(self.verify_worker(service.metrics()));
        if let Some(days) = config.retention_days {
            service.worker(self.prune_worker(days.get()));
        }
    }

    /// Returns the worker that verifies the log. From the second run on, it also checks that the
    /// log still contains the last record of the previous run.
    fn verify_worker(&self, metrics: &Metrics) -> Worker {
        let help = "1 if the last verification found a damaged audit log, else 0.";
        let damaged = metrics.gauge("audit_log_damaged", help, &[]);
        let (log, last) = (self.clone(), LastRecord::default());
        let work = move |_| {
            let (log, damaged, last) = (log.clone(), damaged.clone(), Arc::clone(&last));
            async move { log.verify_since(&last, &damaged).await }
        };
        Worker::new(
            "verify audit log",
            Schedule::Interval(VERIFY_INTERVAL),
            work,
        )
        .timeout(VERIFY_TIMEOUT)
    }

    async fn verify_since(&self, last: &LastRecord, damaged: &Gauge) -> Result<(), Error> {
        let known = last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let reference = known
            .as_ref()
            .map(|(number, hash)| (*number, hash.as_str()));
        match self.verify(reference).await {
            Ok(verified) => {
                damaged.set(0);
                let record = (verified.last_sequence, verified.last_hash);
                *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(record);
                Ok(())
            }
            Err(error) => {
                if !matches!(error, VerifyError::Failed(_)) {
                    damaged.set(1);
                    tracing::error!(problem = error_chain(&error), "the audit log is damaged");
                }
                Err(error.into())
            }
        }
    }

    /// Returns the worker that removes records that are older than `days`.
    fn prune_worker(&self, days: u32) -> Worker {
        let log = self.clone();
        let work = move |_| {
            let log = log.clone();
            async move { log.prune(days).await.map(drop).map_err(Error::from) }
        };
        Worker::new("prune audit log", Schedule::Interval(PRUNE_INTERVAL), work)
    }
}
