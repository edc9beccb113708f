use std::{sync::Arc, time::Instant};

use seaworthy_telemetry::metrics::{Counter, DURATION_BUCKETS, Family, Histogram, Metrics};

use crate::StorageError;

/// Maximum number of label values: the errors of a storage and of its HTTP client.
const MAX_OUTCOMES: usize = 64;
const OK: &str = "OK";

/// An operation of a storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Put,
    Get,
    Head,
    Delete,
    List,
    Multipart,
}

impl Operation {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Put, "put"),
        (Self::Get, "get"),
        (Self::Head, "head"),
        (Self::Delete, "delete"),
        (Self::List, "list"),
        (Self::Multipart, "multipart"),
    ];
}

/// The metrics of a storage (OBS-5).
#[derive(Debug)]
pub(crate) struct StorageMetrics(Vec<(Operation, Histogram, Family<Counter>)>);

impl StorageMetrics {
    pub(crate) fn new(name: &Arc<str>, metrics: &Metrics) -> Self {
        let all = Operation::ALL.into_iter().map(|(operation, label)| {
            let (registry, storage) = (metrics.clone(), Arc::clone(name));
            let duration = metrics.histogram(
                "storage_operation_duration_seconds",
                "Time of an operation with objects. For downloads, until the first bytes.",
                DURATION_BUCKETS,
                &[("storage", name), ("operation", label)],
            );
            let outcomes = Family::new(MAX_OUTCOMES, move |outcome| {
                registry.counter(
                    "storage_operations_total",
                    "Operations with objects, by OK or the reason of the error.",
                    &[
                        ("storage", &storage),
                        ("operation", label),
                        ("outcome", outcome),
                    ],
                )
            });
            (operation, duration, outcomes)
        });
        Self(all.collect())
    }

    pub(crate) fn record<T>(
        &self,
        operation: Operation,
        begun: Instant,
        result: &Result<T, StorageError>,
    ) {
        let found = self.0.iter().find(|(one, ..)| *one == operation);
        let Some((_, duration, outcomes)) = found else {
            return;
        };
        let outcome = result.as_ref().err().map_or(OK, StorageError::reason);
        duration.observe(begun.elapsed().as_secs_f64());
        outcomes.get_or_create(outcome).increment();
    }
}
