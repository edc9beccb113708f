use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use crate::folder::POLL_INTERVAL;

/// The loaded plugins that are not in the folder. A deployment may remove a folder before it copies
/// the new one, and a plugin may guard the service. A plugin is thus unloaded only if its folder is
/// missing for longer than a poll interval.
#[derive(Debug, Default)]
pub(super) struct Removals(BTreeMap<String, Removal>);

#[derive(Debug, Clone, Copy)]
struct Removal {
    found: Instant,
    is_tried: bool,
}

impl Removals {
    /// Sets the plugins that are missing now. Returns those to unload. The unload of a plugin is
    /// tried again only after a change of the folder.
    pub(super) fn update(&mut self, missing: &BTreeSet<String>, is_changed: bool) -> Vec<String> {
        self.update_at(missing, is_changed, Instant::now())
    }

    fn update_at(
        &mut self,
        missing: &BTreeSet<String>,
        is_changed: bool,
        now: Instant,
    ) -> Vec<String> {
        self.0.retain(|name, _| missing.contains(name));
        let mut due = Vec::new();
        for name in missing {
            let removal = self.0.entry(name.clone()).or_insert(Removal {
                found: now,
                is_tried: false,
            });
            removal.is_tried &= !is_changed;
            let is_due = now.saturating_duration_since(removal.found) >= POLL_INTERVAL;
            if is_due && !removal.is_tried {
                removal.is_tried = true;
                due.push(name.clone());
            }
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plugin_without_a_folder_is_unloaded_after_two_polls_plug_2() {
        let missing = BTreeSet::from(["guard".to_owned()]);
        let (mut removals, start) = (Removals::default(), Instant::now());
        let mut at = |missing: &BTreeSet<String>, polls: u32, is_changed| {
            let due = removals.update_at(missing, is_changed, start + POLL_INTERVAL * polls);
            !due.is_empty()
        };
        assert!(!at(&missing, 0, true));
        // The folder exists again.
        assert!(!at(&BTreeSet::new(), 1, true));
        assert!(!at(&missing, 2, true));
        assert!(!at(&missing, 2, false));
        assert!(at(&missing, 3, false));
        // Another plugin depends on it, so the unload failed.
        assert!(!at(&missing, 4, false));
        assert!(at(&missing, 5, true));
    }
}
