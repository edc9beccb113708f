use std::{
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

/// Maximum number of events of a request. Further ones are dropped, so that a span stays small.
const MAX_EVENTS: usize = 32;

/// An event in the span of a request, with names of the OpenTelemetry semantic conventions. Its
/// attributes are redacted before the export.
#[derive(Debug, Clone, PartialEq)]
pub struct SpanEvent {
    /// The name, such as `feature_flag.evaluation`.
    pub name: &'static str,
    /// The time of the event.
    pub at: SystemTime,
    /// The names and texts of the attributes.
    pub attributes: Vec<(&'static str, String)>,
}

/// The events of a request that is not finished.
#[derive(Debug, Default)]
pub(crate) struct SpanEvents(Mutex<Vec<SpanEvent>>);

impl SpanEvents {
    pub(crate) fn push(&self, create: impl FnOnce() -> SpanEvent) {
        let mut events = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if events.len() < MAX_EVENTS {
            events.push(create());
        }
    }

    pub(crate) fn take(&self) -> Vec<SpanEvent> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
