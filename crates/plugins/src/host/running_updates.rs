use parking_lot::Mutex;

use crate::PluginSettings;

/// The running update of settings. `loads` serializes updates.
#[derive(Debug, Default)]
pub(super) struct Updates(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The plugin and the settings that the update writes. The plugin may reject them, and the
    /// update then restores the file.
    running: Option<(String, PluginSettings)>,
    /// How often an update began or ended.
    count: u64,
}

/// A running update. Dropping it ends the update.
#[derive(Debug)]
pub(super) struct Update<'a>(&'a Updates);

impl Updates {
    /// Begins an update. Call it before the write of the file.
    pub(super) fn begin(&self, plugin: &str, wanted: &PluginSettings) -> Update<'_> {
        self.set(Some((plugin.to_owned(), wanted.clone())));
        Update(self)
    }

    fn set(&self, running: Option<(String, PluginSettings)>) {
        let mut state = self.0.lock();
        state.running = running;
        state.count += 1;
    }

    /// Returns how often an update began or ended.
    pub(super) fn count(&self) -> u64 {
        self.0.lock().count
    }

    /// Returns true if settings that were read from files since `count` are not those of an update,
    /// which a plugin may reject.
    pub(super) fn accept(&self, count: u64, plugin: &str, read: &PluginSettings) -> bool {
        let state = self.0.lock();
        let is_update =
            |(name, wanted): &(String, PluginSettings)| name == plugin && wanted == read;
        state.count == count && !state.running.as_ref().is_some_and(is_update)
    }
}

impl Drop for Update<'_> {
    fn drop(&mut self) {
        self.0.set(None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_settings_of_others_are_accepted_plug_1() {
        let updates = Updates::default();
        let written = PluginSettings::default();
        let other = PluginSettings {
            enabled: false,
            ..PluginSettings::default()
        };
        let before = updates.count();
        assert!(updates.accept(before, "guard", &written));
        let update = updates.begin("guard", &written);
        // The read may have found the settings of this update.
        assert!(!updates.accept(before, "guard", &other));
        let during = updates.count();
        assert!(!updates.accept(during, "guard", &written));
        assert!(updates.accept(during, "guard", &other));
        assert!(updates.accept(during, "other", &written));
        drop(update);
        assert!(!updates.accept(during, "guard", &written));
        assert!(updates.accept(updates.count(), "guard", &written));
    }
}
