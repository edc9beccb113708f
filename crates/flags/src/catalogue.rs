//! Flags by domain, and what they govern.

use std::{collections::BTreeMap, fmt::Write as _};

use serde::Serialize;
use serde_json::Value;

use crate::{Context, ErrorCode, Flags, source::Layers};

/// The columns of [`Flags::export_csv`].
const COLUMNS: [&str; 6] = ["Domain", "Feature", "Type", "Item", "Status", "Source"];
/// The first characters of a cell that a spreadsheet evaluates as a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A kind of item that a flag governs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CapabilityKind {
    /// A permission, such as `report:read`.
    Permission,
    /// A method and a route, such as `GET /reports/{id}`.
    Api,
    /// A page of a user interface.
    Route,
    /// A setting.
    Config,
    /// An entry of an audit log.
    AuditLog,
}

impl CapabilityKind {
    /// All kinds.
    pub const ALL: [Self; 5] = [
        Self::Permission,
        Self::Api,
        Self::Route,
        Self::Config,
        Self::AuditLog,
    ];

    /// Returns the name in exports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Permission => "permission",
            Self::Api => "api",
            Self::Route => "route",
            Self::Config => "config",
            Self::AuditLog => "audit_log",
        }
    }

    /// Returns the name of the list in files.
    const fn list(self) -> &'static str {
        match self {
            Self::Permission => "permissions",
            Self::Api => "apis",
            Self::Route => "routes",
            Self::Config => "configs",
            Self::AuditLog => "audit_logs",
        }
    }
}

/// The source of the definition of a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FlagOrigin {
    /// A file of the service.
    File,
    /// A flag server.
    Server,
    /// A change at run time.
    Runtime,
}

impl FlagOrigin {
    /// Returns the name in exports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Server => "server",
            Self::Runtime => "runtime",
        }
    }
}

/// A flag and what it governs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Feature {
    /// The key of the flag.
    pub key: String,
    /// Whether the definition enables the flag. Its conditions decide then.
    pub is_enabled: bool,
    /// The source of the definition.
    pub origin: FlagOrigin,
    /// The items that the flag governs, by kind.
    pub capabilities: BTreeMap<CapabilityKind, Vec<String>>,
}

impl Feature {
    /// Returns the domain: the key up to its first dot.
    #[must_use]
    pub fn domain(&self) -> &str {
        domain_of(&self.key)
    }
}

impl Flags {
    /// Returns all defined flags by domain, each with what it governs.
    ///
    /// ```
    /// use seaworthy_flags::{CapabilityKind, Context, Flags};
    ///
    /// let flags = Flags::new(Context::new());
    /// assert!(flags.tree().is_empty());
    /// let reads = CapabilityKind::Permission;
    /// assert!(!flags.permits_item("report.basic", reads, "report:read", &Context::new()));
    /// ```
    #[must_use]
    pub fn tree(&self) -> BTreeMap<String, Vec<Feature>> {
        let set = self.set();
        let mut keys: Vec<_> = set.iter().map(|flag| flag.key().to_string()).collect();
        keys.sort_unstable();
        let mut tree: BTreeMap<String, Vec<Feature>> = BTreeMap::new();
        for key in keys {
            let domain = domain_of(&key).to_owned();
            tree.entry(domain).or_default().push(self.feature(key));
        }
        tree
    }

    /// Returns the flags of a domain.
    #[must_use]
    pub fn features_of(&self, domain: &str) -> Vec<Feature> {
        self.tree().remove(domain).unwrap_or_default()
    }

    /// Whether a flag that the code does not declare is on. A flag that is not defined is off. A
    /// flag with variants is on if its variant is not `false`.
    #[must_use]
    pub fn is_enabled(&self, key: &str, context: &Context) -> bool {
        self.resolve(key, context, |resolved| {
            let is_known = resolved.error != Some(ErrorCode::FlagNotFound);
            let variant = resolved.variant;
            is_known && variant.is_some_and(|variant| *variant.value() != false)
        })
    }

    /// Whether any flag of a domain is on.
    #[must_use]
    pub fn is_domain_enabled(&self, domain: &str, context: &Context) -> bool {
        let set = self.set();
        let mut own = set.iter().filter(|flag| domain_of(flag.key()) == domain);
        own.any(|flag| self.is_enabled(flag.key(), context))
    }

    /// Whether any of these flags is on.
    #[must_use]
    pub fn is_any_enabled(&self, keys: &[&str], context: &Context) -> bool {
        keys.iter().any(|key| self.is_enabled(key, context))
    }

    /// Whether all of these flags are on.
    #[must_use]
    pub fn are_all_enabled(&self, keys: &[&str], context: &Context) -> bool {
        keys.iter().all(|key| self.is_enabled(key, context))
    }

    /// Whether a flag is on and governs an item.
    #[must_use]
    pub fn permits_item(
        &self,
        key: &str,
        kind: CapabilityKind,
        item: &str,
        context: &Context,
    ) -> bool {
        let governs = || self.items_of(key, kind).iter().any(|own| own == item);
        self.is_enabled(key, context) && governs()
    }

    /// Returns the items of a kind that a flag governs.
    #[must_use]
    pub fn items_of(&self, key: &str, kind: CapabilityKind) -> Vec<String> {
        items(&self.entry(key).unwrap_or_default(), kind)
    }

    /// Returns a CSV table of all flags, with a row for each flag and one for each item that it
    /// governs. The columns are Domain, Feature, Type, Item, Status, Source. Cells are escaped, so
    /// spreadsheets do not evaluate them as formulas.
    #[must_use]
    pub fn export_csv(&self) -> String {
        let mut text = String::new();
        row(&mut text, COLUMNS);
        for feature in self.tree().into_values().flatten() {
            let status = match feature.is_enabled {
                true => "enabled",
                false => "disabled",
            };
            let mut add = |kind, item| {
                let source = feature.origin.as_str();
                let cells = [feature.domain(), &feature.key, kind, item, status, source];
                row(&mut text, cells);
            };
            add("feature", &feature.key);
            for (kind, items) in &feature.capabilities {
                items.iter().for_each(|item| add(kind.as_str(), item));
            }
        }
        text
    }

    fn feature(&self, key: String) -> Feature {
        let entry = self.entry(&key).unwrap_or_default();
        let lists = CapabilityKind::ALL.map(|kind| (kind, items(&entry, kind)));
        let capabilities = lists.into_iter().filter(|(_, items)| !items.is_empty());
        Feature {
            is_enabled: is_enabled(&entry),
            origin: self.origin(&key),
            capabilities: capabilities.collect(),
            key,
        }
    }

    fn origin(&self, key: &str) -> FlagOrigin {
        let sources = self.0.runtime.sources.lock();
        let Layers { flagd, short, .. } = &sources.layers;
        let flagd = flagd.as_ref().and_then(|document| document.get("flags"));
        if sources.state.definitions.contains_key(key) {
            FlagOrigin::Runtime
        } else if short.get(key).or_else(|| flagd?.get(key)).is_some() {
            FlagOrigin::File
        } else if sources.layers.remote.is_some() {
            FlagOrigin::Server
        } else {
            // Overrides can name flags that only the code declares.
            FlagOrigin::Runtime
        }
    }
}

fn domain_of(key: &str) -> &str {
    key.split_once('.').map_or(key, |(domain, _)| domain)
}

/// Whether a definition in the short form or in flagd's format enables its flag.
fn is_enabled(entry: &Value) -> bool {
    match (entry, entry.get("state")) {
        (Value::Bool(enabled), _) => *enabled,
        (_, Some(state)) => state == "ENABLED",
        _ => entry.get("enabled") == Some(&Value::Bool(true)),
    }
}

/// Returns a list of items, at the top of a definition or in `capabilities`.
fn items(entry: &Value, kind: CapabilityKind) -> Vec<String> {
    let places = [entry.get(kind.list()), nested(entry, kind)];
    let lists = places.into_iter().flatten().filter_map(Value::as_array);
    let items = lists.flatten().filter_map(Value::as_str);
    items.map(str::to_owned).collect()
}

fn nested(entry: &Value, kind: CapabilityKind) -> Option<&Value> {
    entry.get("capabilities")?.get(kind.list())
}

/// Adds a row of a CSV table (RFC 4180).
fn row(text: &mut String, cells: [&str; 6]) {
    for (place, cell) in cells.into_iter().enumerate() {
        let separator = if place == 0 { "" } else { "," };
        let guard = if cell.starts_with(FORMULA) { "'" } else { "" };
        // Writing to a String cannot fail.
        let _ = match cell.contains([',', '"', '\n', '\r']) {
            true => write!(text, "{separator}\"{guard}{}\"", cell.replace('"', "\"\"")),
            false => write!(text, "{separator}{guard}{cell}"),
        };
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_are_not_formulas_flag_1() {
        let mut text = String::new();
        row(
            &mut text,
            ["a", "a.b", "api", "GET /a,\"b\"", "enabled", "=1"],
        );
        assert_eq!(text, "a,a.b,api,\"GET /a,\"\"b\"\"\",enabled,'=1\r\n");
    }

    #[test]
    fn domain_ends_at_the_first_dot_flag_1() {
        assert_eq!(domain_of("report.basic.daily"), "report");
        assert_eq!(domain_of("captcha"), "captcha");
    }
}
