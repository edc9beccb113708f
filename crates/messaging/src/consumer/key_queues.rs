use std::collections::{HashMap, VecDeque};

/// Queues jobs by key. The first job of a key runs, and the others wait for it. Jobs without a key
/// are not queued.
#[derive(Debug)]
pub(super) struct KeyQueues<J>(HashMap<Box<str>, VecDeque<J>>);

impl<J> KeyQueues<J> {
    pub(super) fn new() -> Self {
        Self(HashMap::new())
    }

    /// Adds a job. Returns it if it may start immediately.
    pub(super) fn push(&mut self, key: &str, job: J) -> Option<J> {
        if let Some(waiting) = self.0.get_mut(key) {
            waiting.push_back(job);
            return None;
        }
        self.0.insert(key.into(), VecDeque::new());
        Some(job)
    }

    /// Removes the running job of a key. Returns the next job, which may start.
    pub(super) fn complete(&mut self, key: &str) -> Option<J> {
        let next = self.0.get_mut(key)?.pop_front();
        if next.is_none() {
            self.0.remove(key);
        }
        next
    }

    /// Removes and returns the waiting jobs that match.
    pub(super) fn drain_waiting(&mut self, matches: impl Fn(&J) -> bool) -> Vec<J> {
        let mut taken = Vec::new();
        for waiting in self.0.values_mut() {
            let (matching, left) = std::mem::take(waiting)
                .into_iter()
                .partition::<VecDeque<_>, _>(&matches);
            *waiting = left;
            taken.extend(matching);
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn runs_one_job_of_a_key_at_a_time_in_order_msg_1(keys in proptest::collection::vec(0_u8..4, 0..200)) {
            let mut queues = KeyQueues::new();
            let mut running: VecDeque<(String, usize)> = VecDeque::new();
            let mut done: Vec<(String, usize)> = Vec::new();
            for (number, key) in keys.iter().enumerate() {
                let key = key.to_string();
                if let Some(job) = queues.push(&key, (key.clone(), number)) {
                    prop_assert!(running.iter().all(|(other, _)| *other != key));
                    running.push_back(job);
                }
                if number % 3 == 0 && let Some((key, number)) = running.pop_front() {
                    running.extend(queues.complete(&key));
                    done.push((key, number));
                }
            }
            while let Some((key, number)) = running.pop_front() {
                running.extend(queues.complete(&key));
                done.push((key, number));
            }
            prop_assert_eq!(done.len(), keys.len());
            for key in 0..4_u8 {
                let key = key.to_string();
                let of_key: Vec<usize> = done.iter().filter(|(of, _)| *of == key).map(|(_, number)| *number).collect();
                prop_assert!(of_key.is_sorted());
            }
        }
    }
}
