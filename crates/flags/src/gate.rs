use std::sync::atomic::Ordering::Relaxed;

use seaworthy_core::RequestContext;
use seaworthy_http::{FlagDecision, FlagGate, RequiredFlag};

use crate::{Context, ErrorCode, Flag, Flags, Kind};

static NO_CONTEXT: Context = Context::new();

/// Lets routes and methods of contracts require a flag.
impl FlagGate for Flags {
    fn declare(&self, key: &str) -> Result<(), String> {
        let mut declared = self.declarations().into_iter();
        match declared.find(|flag| &*flag.key == key) {
            Some(flag) if flag.value_type == "boolean" => Ok(()),
            Some(flag) => Err(format!(
                "it is declared as {}, not as boolean",
                flag.value_type
            )),
            None => {
                let flag = Flag::boolean(key, false).kind(Kind::Permission);
                let declared = Self::declare(self, flag).map(drop);
                declared.map_err(|error| error.to_string())
            }
        }
    }

    fn decide(&self, flag: &RequiredFlag, api: &str, request: &RequestContext) -> FlagDecision {
        let is_on = self.is_on(flag.key(), request);
        match is_on.unwrap_or(flag.is_on_by_default()) {
            false => FlagDecision::Off,
            true if self.guarded_routes().allows(flag.key(), api) => FlagDecision::On,
            true => FlagDecision::NotListed,
        }
    }

    fn governs_routes(&self) -> bool {
        self.0.guards_routes.load(Relaxed) && self.guarded_routes().are_listed()
    }

    fn check_apis(&self, served: &[String]) {
        self.set_served_apis(served);
        self.warn_of_unserved_apis();
    }

    fn permits(&self, api: &str, request: &RequestContext) -> bool {
        let guards = self.0.guards_routes.load(Relaxed);
        !guards
            || self
                .guarded_routes()
                .flags_of(api)
                .all(|flag| self.is_on(flag, request) == Some(true))
    }
}

impl Flags {
    /// Whether a flag is on for a request. `None` if it is not defined and no override applies to
    /// the request. A flag that an operator has removed is off, because a removal must not open
    /// what the flag governs.
    pub(crate) fn is_on(&self, key: &str, request: &RequestContext) -> Option<bool> {
        self.with_snapshot(Some(request), |snapshot| {
            let scope = self.scope(&NO_CONTEXT, Some(request));
            let resolved = snapshot.resolve_key(key, &scope);
            if let Some(variant) = resolved.variant {
                return Some(*variant.value() == true);
            }
            let set = snapshot.set();
            let is_missing = resolved.error == Some(ErrorCode::FlagNotFound);
            let is_defined = !is_missing && !set.is_undefined(key);
            (is_defined || set.is_removed(key)).then_some(false)
        })
    }
}
