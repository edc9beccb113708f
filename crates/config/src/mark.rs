//! Properties of a setting that its type declares in its schema.

use std::{cmp::Ordering, collections::BTreeSet};

use seaworthy_core::{ByteSize, Timeout, host::is_loopback};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value as Json};

/// The keyword that declares unsafe values.
const UNSAFE: &str = "x-unsafe";
/// The prefix of an address that is the path of a socket on this machine.
const UNIX: &str = "unix:";

/// A property of a setting. Its type declares it with a keyword of its schema, such as
/// `#[schemars(extend("x-link" = true))]`. The mark of a section or list applies to all values in
/// it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// Allows something that production otherwise rejects (`x-allowance`).
    Allowance,
    /// Browsers visit the address or send it as their origin (`x-browser-address`).
    BrowserAddress,
    /// The service opens connections to the address, which may be on this machine (`x-connects`).
    Connects,
    /// The origins that CORS allows (`x-cors-origins`).
    CorsOrigins,
    /// The URL of a store, a broker or another service (`x-link`).
    Link,
    /// A key that signs or verifies (`x-signing-key`).
    SigningKey,
    /// The proxies whose forwarded client address is used (`x-trusted-proxies`).
    TrustedProxies,
}

impl Mark {
    const ALL: [Self; 7] = [
        Self::Allowance,
        Self::BrowserAddress,
        Self::Connects,
        Self::CorsOrigins,
        Self::Link,
        Self::SigningKey,
        Self::TrustedProxies,
    ];

    const fn keyword(self) -> &'static str {
        match self {
            Self::Allowance => "x-allowance",
            Self::BrowserAddress => "x-browser-address",
            Self::Connects => "x-connects",
            Self::CorsOrigins => "x-cors-origins",
            Self::Link => "x-link",
            Self::SigningKey => "x-signing-key",
            Self::TrustedProxies => "x-trusted-proxies",
        }
    }
}

/// All properties that the type of a setting declares.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Marks {
    marks: BTreeSet<Mark>,
    unsafe_values: Vec<UnsafeValue>,
}

impl Marks {
    /// Returns whether a mark is set.
    #[must_use]
    pub fn has(&self, mark: Mark) -> bool {
        self.marks.contains(&mark)
    }

    /// Returns the values that production must reject.
    #[must_use]
    pub fn unsafe_values(&self) -> &[UnsafeValue] {
        &self.unsafe_values
    }

    /// Whether a keyword of a schema declares a mark.
    pub(crate) fn is_keyword(keyword: &str) -> bool {
        keyword == UNSAFE || Mark::ALL.iter().any(|mark| mark.keyword() == keyword)
    }

    /// Reads the keywords of a schema.
    pub(crate) fn read(members: &Map<String, Json>) -> Result<Self, String> {
        let is_set = |mark: &Mark| members.get(mark.keyword()) == Some(&Json::Bool(true));
        let unsafe_values = match members.get(UNSAFE) {
            Some(declared) => Vec::<UnsafeValue>::deserialize(declared)
                .map_err(|error| format!("`{UNSAFE}` cannot be read: {error}"))?,
            None => Vec::new(),
        };
        Ok(Self {
            marks: Mark::ALL.into_iter().filter(is_set).collect(),
            unsafe_values,
        })
    }

    /// Adds the marks of a schema that describes the same value.
    pub(crate) fn join(&mut self, other: Self) {
        self.marks.extend(other.marks);
        self.unsafe_values.extend(other.unsafe_values);
    }

    /// Adds the marks of a section or list that contains the value.
    pub(crate) fn inherit(&mut self, parent: &Self) {
        self.marks.extend(&parent.marks);
    }
}

impl FromIterator<Mark> for Marks {
    fn from_iter<I: IntoIterator<Item = Mark>>(marks: I) -> Self {
        Self {
            marks: marks.into_iter().collect(),
            unsafe_values: Vec::new(),
        }
    }
}

/// A value, or a range of values, that production must reject (CONF-3).
///
/// A settings type declares a list of them with `x-unsafe`. Each has `value`, for one value,
/// `above`, for all larger values, or `below`, for all smaller ones. A duration or a size is a
/// string such as `"10m"`. The value `null` is a setting that is not set. `"remote": true` is for
/// an address of a protocol without TLS: it declares every `HOST:PORT` on another machine. `unless`
/// names a setting in the same section that allows the value if it is true.
///
/// ```
/// use schemars::JsonSchema;
/// use seaworthy_config::{Environment, Loader, Schema};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Default, Clone, Serialize, Deserialize, JsonSchema)]
/// #[serde(default, deny_unknown_fields)]
/// struct Mail {
///     /// Whether mail may be sent unencrypted.
///     #[schemars(extend("x-unsafe" = [{
///         "id": "SEC-1",
///         "value": true,
///         "why": "mail goes over the network unencrypted",
///         "fix": "set it to false"
///     }]))]
///     allow_plaintext: bool,
/// }
///
/// let loaded = Loader::new("mail")
///     .environment(Environment::from([("MAIL__ALLOW_PLAINTEXT", "true")]))
///     .load(&Schema::from_settings::<Mail>())?;
/// let shown = &loaded.values()[0];
/// assert!(shown.marks.unsafe_values()[0].matches(&shown.value));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Declaration")]
pub struct UnsafeValue {
    id: String,
    condition: Condition,
    unless: Option<String>,
    why: Option<String>,
    fix: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
enum Condition {
    Equals(Json),
    Above(Json),
    Below(Json),
    Remote,
}

/// An [`UnsafeValue`] as a schema writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Declaration {
    id: String,
    #[serde(default, deserialize_with = "present")]
    value: Option<Json>,
    above: Option<Json>,
    below: Option<Json>,
    #[serde(default)]
    remote: bool,
    unless: Option<String>,
    why: Option<String>,
    fix: Option<String>,
}

/// Reads a member that is present. serde would read `null` as absent.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(deserializer).map(Some)
}

impl TryFrom<Declaration> for UnsafeValue {
    type Error = &'static str;

    fn try_from(declared: Declaration) -> Result<Self, Self::Error> {
        let bounds = (declared.value, declared.above, declared.below);
        let condition = match (bounds, declared.remote) {
            ((Some(value), None, None), false) => Condition::Equals(value),
            ((None, Some(bound), None), false) => Condition::Above(bound),
            ((None, None, Some(bound)), false) => Condition::Below(bound),
            ((None, None, None), true) => Condition::Remote,
            _ => return Err("expected one of `value`, `above`, `below` and `remote`"),
        };
        Ok(Self {
            id: declared.id,
            condition,
            unless: declared.unless,
            why: declared.why,
            fix: declared.fix,
        })
    }
}

impl UnsafeValue {
    /// Returns the ID of the requirement that the value violates, such as `RES-6`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns whether a value is unsafe.
    #[must_use]
    pub fn matches(&self, value: &Json) -> bool {
        match &self.condition {
            Condition::Equals(refused) => refused == value,
            Condition::Above(bound) => compare(value, bound) == Some(Ordering::Greater),
            Condition::Below(bound) => compare(value, bound) == Some(Ordering::Less),
            Condition::Remote => value.as_str().is_some_and(is_remote),
        }
    }

    /// Returns the name of the setting in the same section that allows the value if it is true.
    #[must_use]
    pub fn unless(&self) -> Option<&str> {
        self.unless.as_deref()
    }

    /// Returns why a value is unsafe.
    #[must_use]
    pub fn reason(&self, value: &Json) -> String {
        self.why.clone().unwrap_or_else(|| {
            let shown = plain(value);
            let size = match self.condition {
                Condition::Remote => {
                    return format!(
                        "the connection to {shown} is not encrypted, so others on the network can read and change its data"
                    );
                }
                Condition::Below(_) => "small",
                Condition::Equals(_) | Condition::Above(_) => "large",
            };
            format!("{shown} is too {size} to protect the service")
        })
    }

    /// Returns how to correct the setting.
    #[must_use]
    pub fn fix(&self) -> String {
        self.fix.clone().unwrap_or_else(|| match &self.condition {
            Condition::Equals(value) => format!("set it to another value than {}", plain(value)),
            Condition::Above(bound) => format!("set it to at most {}", plain(bound)),
            Condition::Below(bound) => format!("set it to at least {}", plain(bound)),
            Condition::Remote => "use an address of this machine".to_owned(),
        })
    }
}

/// Whether an address is on another machine.
fn is_remote(address: &str) -> bool {
    !address.starts_with(UNIX) && !is_loopback(address)
}

/// Compares two numbers, two durations or two sizes.
fn compare(value: &Json, bound: &Json) -> Option<Ordering> {
    match (value, bound) {
        (Json::Number(value), Json::Number(bound)) => value.as_f64().partial_cmp(&bound.as_f64()),
        (Json::String(value), Json::String(bound)) => {
            let durations = (value.parse::<Timeout>(), bound.parse::<Timeout>());
            let sizes = (value.parse::<ByteSize>(), bound.parse::<ByteSize>());
            match (durations, sizes) {
                ((Ok(value), Ok(bound)), _) => Some(value.cmp(&bound)),
                (_, (Ok(value), Ok(bound))) => Some(value.cmp(&bound)),
                _ => None,
            }
        }
        _ => None,
    }
}

fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}
