use std::collections::{HashMap, VecDeque};

/// Work of one key stands in a lane: the first is being done, the others wait. Work without a key has no lane.
#[derive(Debug)]
pub(super) struct Lanes<J>(HashMap<Box<str>, VecDeque<J>>);

impl<J> Lanes<J> {
    pub(super) fn new() -> Self {
        Self(HashMap::new())
    }

    /// Puts work into the lane of its key. Returns it where it may begin at once.
    pub(super) fn enter(&mut self, key: &str, job: J) -> Option<J> {
        if let Some(waiting) = self.0.get_mut(key) {
            waiting.push_back(job);
            return None;
        }
        self.0.insert(key.into(), VecDeque::new());
        Some(job)
    }

    /// The first of a lane is done. Returns the next, which may begin.
    pub(super) fn leave(&mut self, key: &str) -> Option<J> {
        let next = self.0.get_mut(key)?.pop_front();
        if next.is_none() {
            self.0.remove(key);
        }
        next
    }

    /// Takes out the waiting work that `is_over` is true for.
    pub(super) fn take_waiting(&mut self, is_over: impl Fn(&J) -> bool) -> Vec<J> {
        let mut taken = Vec::new();
        for waiting in self.0.values_mut() {
            let (over, left) = std::mem::take(waiting)
                .into_iter()
                .partition::<VecDeque<_>, _>(&is_over);
            *waiting = left;
            taken.extend(over);
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
        fn one_of_a_key_is_done_at_a_time_and_all_in_order_msg_1(keys in proptest::collection::vec(0_u8..4, 0..200)) {
            let mut lanes = Lanes::new();
            let mut running: VecDeque<(String, usize)> = VecDeque::new();
            let mut done: Vec<(String, usize)> = Vec::new();
            for (number, key) in keys.iter().enumerate() {
                let key = key.to_string();
                if let Some(job) = lanes.enter(&key, (key.clone(), number)) {
                    prop_assert!(running.iter().all(|(other, _)| *other != key));
                    running.push_back(job);
                }
                if number % 3 == 0 && let Some((key, number)) = running.pop_front() {
                    running.extend(lanes.leave(&key));
                    done.push((key, number));
                }
            }
            while let Some((key, number)) = running.pop_front() {
                running.extend(lanes.leave(&key));
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
