use seaworthy_core::RequestContext;
use seaworthy_http::FlagGate;

use crate::{Context, Flag, Flags, Kind};

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

    fn is_on(&self, key: &str, request: &RequestContext) -> bool {
        self.with_snapshot(Some(request), |snapshot| {
            let scope = self.scope(&NO_CONTEXT, Some(request));
            let resolved = snapshot.resolve_key(key, &scope);
            let value = resolved.variant.map(crate::Variant::value);
            value.is_some_and(|value| *value == true)
        })
    }
}
