use std::{fmt, sync::Arc, time::Duration};

use ::http::Response;
use parking_lot::Mutex;

use super::admission::Admission;
use crate::Outcome;

/// The report of a call with a successful response head whose body may still fail. It reports a
/// success on drop, because a caller may stop reading.
#[derive(Debug)]
pub struct DeferredReport {
    admission: Option<Admission>,
    took: Duration,
}

/// A report in the extensions of a response, which must be `Clone`.
#[derive(Clone)]
struct Extension(Arc<Mutex<Option<DeferredReport>>>);

impl DeferredReport {
    pub(super) fn new(admission: Admission, took: Duration) -> Self {
        Self {
            took,
            admission: Some(admission),
        }
    }

    /// Reports the outcome of the body. The duration of the call is that of its head.
    pub fn finish(mut self, outcome: Outcome) {
        self.report(outcome);
    }

    /// Adds the report to the extensions of a response.
    pub fn insert_into<B>(self, response: &mut Response<B>) {
        let extension = Extension(Arc::new(Mutex::new(Some(self))));
        response.extensions_mut().insert(extension);
    }

    /// Removes the report from the extensions of a response.
    pub fn take_from<B>(response: &mut Response<B>) -> Option<Self> {
        let extension = response.extensions_mut().remove::<Extension>()?;
        extension.0.lock().take()
    }

    pub(super) fn into_admission(mut self) -> Option<Admission> {
        self.admission.take()
    }

    fn report(&mut self, outcome: Outcome) {
        if let Some(admission) = self.admission.take() {
            let now = crate::clock::now();
            admission.report_took(outcome, self.took, now);
        }
    }
}

impl Drop for DeferredReport {
    fn drop(&mut self) {
        self.report(Outcome::Success);
    }
}

impl fmt::Debug for Extension {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DeferredReport")
    }
}
