//! APIs in the lists of flags that the service does not serve.

use std::{collections::HashSet, sync::atomic::Ordering::Relaxed};

use crate::{CapabilityKind, Flags, guarded_routes::comparable};

/// The APIs of all routes, in the form of [`comparable`].
pub(crate) type ServedApis = HashSet<String>;

impl Flags {
    pub(crate) fn set_served_apis(&self, served: &[String]) {
        let served = served.iter().map(|api| comparable(api)).collect();
        let _ = self.0.served_apis.set(served);
    }

    /// Logs the APIs in the lists of the files that no route serves. Such an entry governs nothing.
    pub(crate) fn warn_of_unserved_apis(&self) {
        for (flag, api) in self.unserved_apis() {
            tracing::warn!(
                flag,
                api,
                "a feature flag lists an API that the service does not serve: correct the entry, because it has no effect"
            );
        }
    }

    /// Returns the flags of the files with their APIs that no route serves. Flags of a flag server
    /// may belong to other services.
    fn unserved_apis(&self) -> Vec<(String, String)> {
        let Some(served) = self.0.served_apis.get() else {
            return Vec::new();
        };
        let keys: Vec<String> = {
            let sources = self.0.runtime.sources.lock();
            let flags = sources.layers.short.as_object().into_iter();
            flags.flat_map(|flags| flags.keys().cloned()).collect()
        };
        let (guards_routes, declared) = (self.0.guards_routes.load(Relaxed), self.declarations());
        let governs = |key: &str| guards_routes || declared.iter().any(|flag| &*flag.key == key);
        let listed = keys.into_iter().filter(|key| governs(key)).flat_map(|key| {
            let apis = self.items_of(&key, CapabilityKind::Api).into_iter();
            apis.map(move |api| (key.clone(), api))
        });
        listed
            .filter(|(_, api)| !served.contains(&comparable(api)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Context, Flag};

    #[test]
    fn listed_api_without_a_route_is_found_flag_1() {
        let flags = Flags::new(Context::new());
        let wrong = ["GET /reports/{id}/", "POST /reports.v1.Reports/Gte"];
        let right = [
            "HEAD /reports/{number}",
            "POST /reports.v1.Reports/Get",
            "GET /files/{*rest}",
        ];
        flags.0.runtime.sources.lock().layers.short = json!({
            "reports": {"enabled": true, "apis": right, "capabilities": {"apis": wrong}},
            "other": {"enabled": true, "apis": ["GET /other"]},
            "plain": true,
        });
        let served = [
            "GET /reports/{id}",
            "POST /reports.v1.Reports/Get",
            "GET /files/{*path}",
        ];
        assert!(flags.unserved_apis().is_empty());
        flags.set_served_apis(&served.map(str::to_owned));
        assert!(flags.unserved_apis().is_empty());
        let of_reports = wrong.map(|api| ("reports".to_owned(), api.to_owned()));
        flags.declare(Flag::boolean("reports", false)).unwrap();
        assert_eq!(flags.unserved_apis(), of_reports);
        flags.guard_routes();
        assert_eq!(flags.unserved_apis().len(), 3);
    }
}
