use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// Turns a part of the framework off at run time. Cheap to clone, and clones share the state.
///
/// ```
/// use seaworthy_core::{SwitchKind, Switches};
///
/// let switches = Switches::default();
/// let access_log = switches.register("access_log", SwitchKind::Operational);
/// assert!(access_log.is_on());
/// switches.set("access_log", false);
/// assert!(!access_log.is_on());
/// ```
#[derive(Debug, Clone)]
pub struct Switch(Arc<AtomicBool>);

impl Switch {
    /// Creates a switch that is on.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }

    /// Whether the part is on.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Turns the part on or off. Returns whether that changed it.
    pub fn set(&self, on: bool) -> bool {
        self.0.swap(on, Ordering::Relaxed) != on
    }
}

impl Default for Switch {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether a part protects the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SwitchKind {
    /// The part observes or serves.
    Operational,
    /// The part protects the service or its users. In production it stays on without an explicit
    /// allowance.
    Security,
}

/// The parts of a service that can be turned off at run time. Cheap to clone.
#[derive(Clone, Default)]
pub struct Switches(Arc<Inner>);

#[derive(Default)]
struct Inner {
    known: Mutex<BTreeMap<&'static str, (Switch, SwitchKind)>>,
    groups: Mutex<BTreeMap<&'static str, Group>>,
}

type Group = Arc<dyn Fn(&BTreeSet<String>) + Send + Sync>;

impl Switches {
    /// Returns the switch of a part. The first call creates it.
    #[must_use]
    pub fn register(&self, name: &'static str, kind: SwitchKind) -> Switch {
        let mut known = lock(&self.0.known);
        let (switch, _) = known.entry(name).or_insert_with(|| (Switch::new(), kind));
        switch.clone()
    }

    /// Registers a group of parts with separate names, such as health checks. `apply` gets the
    /// names of those that are off.
    pub fn register_group(
        &self,
        name: &'static str,
        apply: impl Fn(&BTreeSet<String>) + Send + Sync + 'static,
    ) {
        lock(&self.0.groups).insert(name, Arc::new(apply));
    }

    /// Returns the parts by name.
    #[must_use]
    pub fn list(&self) -> Vec<(&'static str, SwitchKind)> {
        let known = lock(&self.0.known);
        known
            .iter()
            .map(|(name, (_, kind))| (*name, *kind))
            .collect()
    }

    /// Returns the names of the groups.
    #[must_use]
    pub fn groups(&self) -> Vec<&'static str> {
        lock(&self.0.groups).keys().copied().collect()
    }

    /// Turns a part on or off. Returns whether that changed it.
    pub fn set(&self, name: &str, on: bool) -> bool {
        let known = lock(&self.0.known);
        known.get(name).is_some_and(|(switch, _)| switch.set(on))
    }

    /// Turns the named parts of a group off, and all others on.
    pub fn set_group(&self, name: &str, off: &BTreeSet<String>) {
        let apply = lock(&self.0.groups).get(name).cloned();
        if let Some(apply) = apply {
            apply(off);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Switches {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.list().into_iter().map(|(name, _)| name);
        formatter.debug_set().entries(names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn group_gets_names_that_are_off_flag_2() {
        let switches = Switches::default();
        let seen = Arc::new(Mutex::new(BTreeSet::new()));
        let sink = Arc::clone(&seen);
        switches.register_group("metrics", move |off| lock(&sink).clone_from(off));
        switches.set_group("metrics", &BTreeSet::from(["http".to_owned()]));
        assert!(lock(&seen).contains("http"));
        switches.set_group("metrics", &BTreeSet::new());
        assert!(lock(&seen).is_empty());
        switches.set_group("unknown", &BTreeSet::new());
    }

    #[test]
    fn registered_twice_is_one_switch_flag_2() {
        let switches = Switches::default();
        let one = switches.register("lockout", SwitchKind::Security);
        let two = switches.register("lockout", SwitchKind::Security);
        assert!(switches.set("lockout", false));
        assert!(!switches.set("lockout", false));
        assert!(!one.is_on() && !two.is_on());
    }
}
