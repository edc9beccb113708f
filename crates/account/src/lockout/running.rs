use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The attempts of this process whose password is being checked, by subject.
#[derive(Debug, Clone, Default)]
pub(super) struct RunningAttempts(Arc<Mutex<HashMap<String, u32>>>);

/// A running attempt. It ends when it is dropped.
#[derive(Debug)]
pub(super) struct RunningAttempt {
    attempts: RunningAttempts,
    subject: String,
}

impl RunningAttempts {
    /// Begins an attempt. Call it before the attempt is counted, so that a counted attempt is in
    /// this table until its count is final.
    pub(super) fn begin(&self, subject: &str) -> RunningAttempt {
        *self.lock().entry(subject.to_owned()).or_default() += 1;
        RunningAttempt {
            attempts: self.clone(),
            subject: subject.to_owned(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RunningAttempt {
    /// Returns the number of other running attempts on the subject.
    pub(super) fn others(&self) -> u32 {
        let running = self.attempts.lock().get(&self.subject).copied();
        running.unwrap_or_default().saturating_sub(1)
    }
}

impl Drop for RunningAttempt {
    fn drop(&mut self) {
        let mut running = self.attempts.lock();
        if let Some(count) = running.get_mut(&self.subject) {
            *count -= 1;
            if *count == 0 {
                running.remove(&self.subject);
            }
        }
    }
}
