use std::collections::HashMap;

use tokio::sync::watch;

/// The counted attempts of this process whose password is being checked, by subject.
#[derive(Debug, Clone, Default)]
pub(super) struct RunningAttempts(watch::Sender<HashMap<String, u32>>);

/// A running attempt. It ends when it is dropped.
#[derive(Debug)]
pub(super) struct RunningAttempt {
    attempts: RunningAttempts,
    subject: String,
}

impl RunningAttempts {
    /// Begins an attempt. Call it before the count of the attempt commits, so that another attempt
    /// that finds the lock also finds this one.
    pub(super) fn begin(&self, subject: &str) -> RunningAttempt {
        self.0.send_modify(|running| {
            *running.entry(subject.to_owned()).or_default() += 1;
        });
        RunningAttempt {
            attempts: self.clone(),
            subject: subject.to_owned(),
        }
    }

    /// Returns the number of running attempts on a subject.
    pub(super) fn count(&self, subject: &str) -> u32 {
        count_of(&self.0.borrow(), subject)
    }

    /// Waits until a subject has fewer than `count` running attempts.
    pub(super) async fn wait_below(&self, subject: &str, count: u32) {
        let mut changes = self.0.subscribe();
        let is_below = |running: &HashMap<String, u32>| count_of(running, subject) < count;
        // The channel stays open, because `self` has a sender.
        let _is_open = changes.wait_for(is_below).await.is_ok();
    }
}

impl Drop for RunningAttempt {
    fn drop(&mut self) {
        self.attempts.0.send_modify(|running| {
            if let Some(count) = running.get_mut(&self.subject) {
                *count -= 1;
                if *count == 0 {
                    running.remove(&self.subject);
                }
            }
        });
    }
}

fn count_of(running: &HashMap<String, u32>, subject: &str) -> u32 {
    running.get(subject).copied().unwrap_or_default()
}
