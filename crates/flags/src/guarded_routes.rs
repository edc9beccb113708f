//! Routes that flags govern by their lists `apis`.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use crate::{CapabilityKind, Flags};

/// The lists `apis` of all flags, at one state of the flags. APIs have the form of [`comparable`].
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
        let (list, api) = (self.lists.get(flag), comparable(api));
        list.is_none_or(|list| list.contains(&api))
    }

    /// Whether any flag lists an API.
    pub(crate) fn are_listed(&self) -> bool {
        !self.flags.is_empty()
    }

    /// Returns the flags that list an API.
    pub(crate) fn flags_of(&self, api: &str) -> impl Iterator<Item = &String> {
        self.flags.get(&comparable(api)).into_iter().flatten()
    }

    fn add(&mut self, flag: &str, list: &[String]) {
        let list: Vec<String> = list.iter().map(|api| comparable(api)).collect();
        for api in &list {
            let flags = self.flags.entry(api.clone()).or_default();
            flags.push(flag.to_owned());
        }
        self.lists.insert(flag.to_owned(), list);
    }
}

/// Returns the form in which APIs are compared. `HEAD` is served by the handler of `GET`, and
/// variables of templates have patterns and no names.
pub(crate) fn comparable(api: &str) -> String {
    let (method, mut rest) = match api.strip_prefix("HEAD ") {
        Some(path) => ("GET ", path),
        None => ("", api),
    };
    let mut form = method.to_owned();
    while let Some((fixed, tail)) = rest.split_once('{')
        && let Some((name, after)) = tail.split_once('}')
    {
        let segments = match name.split_once('=') {
            Some((_, "*")) => "",
            Some((_, segments)) => segments,
            None if name.starts_with('*') => "*",
            None => "",
        };
        form.extend([fixed, "{", segments, "}"]);
        rest = after;
    }
    form + rest
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
            if !list.is_empty() {
                guarded_routes.add(flag.key(), &list);
            }
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
        guarded_routes.add("reports", &["GET /reports/{id}".to_owned()]);
        for method in ["GET", "HEAD"] {
            let api = format!("{method} /reports/{{id}}");
            assert_eq!(guarded_routes.flags_of(&api).count(), 1, "{api}");
            assert!(guarded_routes.allows("reports", &api), "{api}");
        }
        assert_eq!(guarded_routes.flags_of("POST /reports/{id}").count(), 0);
        assert!(!guarded_routes.allows("reports", "POST /reports/{id}"));
        assert!(guarded_routes.allows("other", "POST /reports/{id}"));
    }

    #[test]
    fn entry_may_name_head_and_other_variables_flag_1() {
        for (entry, api, is_same) in [
            ("HEAD /reports/{id}", "GET /reports/{id}", true),
            ("GET /reports/{number}", "GET /reports/{id}", true),
            ("GET /a/{x}/b/{*y}", "HEAD /a/{one}/b/{*two}", true),
            ("GET /reports/{id}", "GET /reports/{*path}", false),
            ("GET /reports/{id}/", "GET /reports/{id}", false),
            ("POST /a.v1.B/Get", "POST /a.v1.B/Get", true),
            ("GET /reports/{id", "GET /reports/{", false),
            ("GET /v1/{name=shelves/*}", "GET /v1/{name=books/*}", false),
            (
                "GET /v1/{name=shelves/*}",
                "GET /v1/{shelf=shelves/*}",
                true,
            ),
            ("GET /files/{id=**}", "GET /files/{id=trash/*}", false),
            ("GET /files/{id=*}", "GET /files/{id}", true),
        ] {
            let mut guarded_routes = GuardedRoutes::default();
            guarded_routes.add("reports", &[entry.to_owned()]);
            assert_eq!(
                guarded_routes.flags_of(api).count() == 1,
                is_same,
                "{entry}"
            );
            assert_eq!(guarded_routes.allows("reports", api), is_same, "{entry}");
        }
    }
}
