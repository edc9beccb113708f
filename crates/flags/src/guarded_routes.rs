//! Routes that flags govern by their lists `apis`.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use crate::{CapabilityKind, Flags};

/// The lists `apis` of all flags, at one state of the flags.
#[derive(Default)]
pub(crate) struct GuardedRoutes {
    state: Option<u64>,
    /// The flags of each API.
    flags: HashMap<String, Vec<String>>,
    /// The APIs of each flag that lists some.
    lists: HashMap<String, Vec<String>>,
}

impl GuardedRoutes {
    /// Whether the list of a flag contains an API. A flag without a list governs no API.
    pub(crate) fn allows(&self, flag: &str, api: &str) -> bool {
        let (list, api) = (self.lists.get(flag), served(api));
        list.is_none_or(|list| list.iter().any(|listed| *listed == api))
    }

    /// Whether any flag lists an API.
    pub(crate) fn are_listed(&self) -> bool {
        !self.flags.is_empty()
    }

    /// Returns the flags that list an API.
    pub(crate) fn flags_of(&self, api: &str) -> impl Iterator<Item = &String> {
        self.flags.get(&*served(api)).into_iter().flatten()
    }
}

/// Returns the API that serves a request: `HEAD` is served by the handler of `GET`.
fn served(api: &str) -> Cow<'_, str> {
    match api.strip_prefix("HEAD ") {
        Some(path) => format!("GET {path}").into(),
        None => api.into(),
    }
}

impl Flags {
    /// Rejects calls of routes that a flag lists in `apis`, such as `GET /reports/{id}`, while that
    /// flag is off for the caller. The template is that of the route. The name of a gRPC method is
    /// `POST /reports.v1.Reports/Get`. Either name of a method of a contract governs it on both
    /// transports.
    ///
    /// Rejected calls get 403 `FEATURE_DISABLED`. The access check runs first.
    pub fn guard_routes(&self) {
        self.0.guards_routes.store(true, Relaxed);
    }

    /// Returns the guarded routes. Reads them again after the flags have changed.
    pub(crate) fn guarded_routes(&self) -> Arc<GuardedRoutes> {
        let state = *self.0.runtime.changed.borrow();
        let known = self.0.guarded_routes.load_full();
        if known.state == Some(state) {
            return known;
        }
        let mut guarded_routes = GuardedRoutes {
            state: Some(state),
            ..GuardedRoutes::default()
        };
        for flag in self.set().iter() {
            let list = self.items_of(flag.key(), CapabilityKind::Api);
            if list.is_empty() {
                continue;
            }
            for api in &list {
                let flags = guarded_routes.flags.entry(api.clone()).or_default();
                flags.push(flag.key().to_string());
            }
            guarded_routes.lists.insert(flag.key().to_string(), list);
        }
        let guarded_routes = Arc::new(guarded_routes);
        self.0.guarded_routes.store(Arc::clone(&guarded_routes));
        guarded_routes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_is_governed_like_get_flag_1() {
        let mut guarded_routes = GuardedRoutes::default();
        let api = "GET /reports/{id}".to_owned();
        guarded_routes
            .flags
            .insert(api.clone(), vec!["reports".to_owned()]);
        guarded_routes.lists.insert("reports".to_owned(), vec![api]);
        for method in ["GET", "HEAD"] {
            let api = format!("{method} /reports/{{id}}");
            assert_eq!(guarded_routes.flags_of(&api).count(), 1, "{api}");
            assert!(guarded_routes.allows("reports", &api), "{api}");
        }
        assert_eq!(guarded_routes.flags_of("POST /reports/{id}").count(), 0);
        assert!(!guarded_routes.allows("reports", "POST /reports/{id}"));
        assert!(guarded_routes.allows("other", "POST /reports/{id}"));
    }
}
