use std::{collections::BTreeMap, sync::Arc};

use datalogic_rs::{DataValue, bumpalo::Bump};
use seaworthy_core::RequestContext;
use serde_json::Value;

/// The name of the targeting key in rules.
pub(crate) const TARGETING_KEY: &str = "targetingKey";
/// The fields of a rule's context that come from the request, in the order of their names.
const REQUEST_FIELDS: [&str; 5] = ["roles", "scopes", TARGETING_KEY, "tenant", "userAgent"];

/// The attributes that rules read, in addition to the attributes of the request.
///
/// ```
/// use seaworthy_flags::Context;
///
/// let context = Context::new().targeting_key("user-7").with("plan", "team");
/// assert_eq!(context.get("plan").unwrap(), "team");
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Context {
    targeting_key: Option<Arc<str>>,
    attributes: BTreeMap<Arc<str>, Value>,
}

impl Context {
    /// Creates an empty context.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            targeting_key: None,
            attributes: BTreeMap::new(),
        }
    }

    /// Sets the identifier by which percentages assign variants. It replaces the actor.
    #[must_use]
    pub fn targeting_key(mut self, key: impl Into<Arc<str>>) -> Self {
        self.targeting_key = Some(key.into());
        self
    }

    /// Sets an attribute. It replaces a field of the request with the same name.
    #[must_use]
    pub fn with(mut self, name: impl Into<Arc<str>>, value: impl Into<Value>) -> Self {
        self.attributes.insert(name.into(), value.into());
        self
    }

    /// Returns the attributes as JSON.
    #[cfg(feature = "grpc")]
    pub(crate) fn to_map(&self) -> serde_json::Map<String, Value> {
        let attributes = self.attributes.iter();
        attributes
            .map(|(name, value)| (name.to_string(), value.clone()))
            .collect()
    }

    /// Returns an attribute.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.attributes.get(name)
    }
}

/// The layers of attributes of one evaluation. An upper layer replaces fields of a lower layer.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) own: &'a Context,
    pub(crate) request: Option<&'a RequestContext>,
    pub(crate) service: &'a Context,
    /// The time in seconds since the Unix epoch.
    pub(crate) clock: fn() -> i64,
}

impl<'a> Scope<'a> {
    /// Returns a field that is a string.
    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        if name == TARGETING_KEY {
            let own = self.own.targeting_key.as_deref();
            let actor = || self.request?.actor().map(seaworthy_core::Actor::as_str);
            let service = || self.service.targeting_key.as_deref();
            return own.or_else(actor).or_else(service);
        }
        if let Some(value) = self.own.get(name) {
            return value.as_str();
        }
        let request = match name {
            "tenant" => self
                .request
                .and_then(|request| Some(request.tenant()?.as_str())),
            "userAgent" => self.request.and_then(RequestContext::user_agent),
            _ => None,
        };
        request.or_else(|| self.service.get(name)?.as_str())
    }

    /// Returns a field.
    pub(crate) fn value<'b>(&self, name: &str, arena: &'b Bump) -> Option<DataValue<'b>>
    where
        'a: 'b,
    {
        let from = |value| DataValue::from_serde_value_in(value, arena);
        match name {
            TARGETING_KEY | "tenant" | "userAgent" => {
                if let Some(text) = self.text(name) {
                    return Some(DataValue::String(text));
                }
            }
            "roles" | "scopes" if self.own.get(name).is_none() => {
                if let Some(request) = self.request {
                    let grants = request.grants();
                    let list = if name == "roles" {
                        strings(grants.roles(), arena)
                    } else {
                        strings(grants.scopes(), arena)
                    };
                    return Some(list);
                }
            }
            _ => {}
        }
        self.own
            .get(name)
            .or_else(|| self.service.get(name))
            .map(from)
    }

    /// Returns the names of all fields.
    pub(crate) fn names(&self) -> Vec<&'a str> {
        let (own, service) = (self.own.attributes.keys(), self.service.attributes.keys());
        let mut names: Vec<&'a str> = own.chain(service).map(|name| &**name).collect();
        names.extend(REQUEST_FIELDS);
        names.sort_unstable();
        names.dedup();
        names
    }
}

fn strings<'b>(values: impl Iterator<Item = impl AsRef<str>>, arena: &'b Bump) -> DataValue<'b> {
    let copied: Vec<_> = values
        .map(|value| DataValue::String(arena.alloc_str(value.as_ref())))
        .collect();
    DataValue::Array(arena.alloc_slice_fill_iter(copied))
}
