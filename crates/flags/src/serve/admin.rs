use axum::extract::State;
use seaworthy_http::{Json, Routes};
use serde::Serialize;
use serde_json::Value;

use crate::Flags;

/// A flag in the listing.
#[derive(Debug, Serialize)]
struct Listed {
    key: String,
    /// Whether a source defines the flag.
    defined: bool,
    enabled: bool,
    variants: Vec<String>,
    #[serde(rename = "type")]
    value_type: Option<&'static str>,
    kind: Option<&'static str>,
    owner: Option<String>,
    expires: Option<String>,
}

/// Returns the endpoints of the admin listener.
pub(crate) fn routes(flags: &Flags) -> Routes {
    Routes::new()
        .get("/flags", list)
        .get("/flags/export", export)
        .with_state(flags.clone())
}

async fn list(State(flags): State<Flags>) -> Json<Vec<Listed>> {
    let (set, declared) = (flags.set(), flags.declarations());
    let mut listed: Vec<_> = declared
        .iter()
        .map(|flag| {
            let defined = set.get(&flag.key);
            Listed {
                key: flag.key.to_string(),
                defined: defined.is_some(),
                enabled: defined.is_some_and(crate::Definition::is_enabled),
                variants: variants(defined),
                value_type: Some(flag.value_type),
                kind: Some(flag.kind.as_str()),
                owner: flag.owner.as_deref().map(ToOwned::to_owned),
                expires: flag.expires.map(|day| day.to_string()),
            }
        })
        .collect();
    let undeclared = set
        .iter()
        .filter(|flag| declared.iter().all(|other| other.key != *flag.key()));
    listed.extend(undeclared.map(|flag| Listed {
        key: flag.key().to_string(),
        defined: true,
        enabled: flag.is_enabled(),
        variants: variants(Some(flag)),
        value_type: None,
        kind: None,
        owner: None,
        expires: None,
    }));
    listed.sort_by(|a, b| a.key.cmp(&b.key));
    Json(listed)
}

fn variants(flag: Option<&crate::Definition>) -> Vec<String> {
    let variants = flag.into_iter().flat_map(|flag| flag.variants());
    variants.map(|variant| variant.name().to_owned()).collect()
}

async fn export(State(flags): State<Flags>) -> Json<Value> {
    Json(flags.set().to_flagd().clone())
}
