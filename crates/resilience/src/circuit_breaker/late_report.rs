use std::{fmt, sync::Arc, time::Duration};

use ::http::Response;
use parking_lot::Mutex;

use super::admission::Admission;
use crate::Outcome;

/// The report of a call whose head was good and whose body is still to come. Dropped without a word, it reports a success: the head was one, and whoever
/// wants no more of the body says nothing against the dependency.
#[derive(Debug)]
pub struct LateReport {
    admission: Option<Admission>,
    took: Duration,
}

/// Where a report travels in an answer: extensions must be cloneable.
#[derive(Clone)]
struct Carried(Arc<Mutex<Option<LateReport>>>);

impl LateReport {
    pub(super) fn new(admission: Admission, took: Duration) -> Self {
        Self {
            took,
            admission: Some(admission),
        }
    }

    /// Reports what became of the body. How slow the call was is judged by its head.
    pub fn finish(mut self, outcome: Outcome) {
        self.report(outcome);
    }

    /// Sends the report along with an answer.
    pub fn send_with<B>(self, response: &mut Response<B>) {
        let carried = Carried(Arc::new(Mutex::new(Some(self))));
        response.extensions_mut().insert(carried);
    }

    /// Takes the report out of an answer that has one.
    pub fn take_from<B>(response: &mut Response<B>) -> Option<Self> {
        let carried = response.extensions_mut().remove::<Carried>()?;
        carried.0.lock().take()
    }

    pub(super) fn take_back(mut self) -> Option<Admission> {
        self.admission.take()
    }

    fn report(&mut self, outcome: Outcome) {
        if let Some(admission) = self.admission.take() {
            let now = tokio::time::Instant::now().into_std();
            admission.report_took(outcome, self.took, now);
        }
    }
}

impl Drop for LateReport {
    fn drop(&mut self) {
        self.report(Outcome::Success);
    }
}

impl fmt::Debug for Carried {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("LateReport")
    }
}
