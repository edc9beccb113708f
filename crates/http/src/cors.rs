//! Cross-origin resource sharing (SEC-2), as the Fetch standard defines it.
//!
//! The step is outside the routes. It responds to preflights for every path and method, and the
//! page that caused a 404 or 405 can read the response.

use std::{collections::HashSet, str::FromStr};

use arc_swap::ArcSwap;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

/// The default of `allowed_methods`: the methods of most services.
const DEFAULT_ALLOWED_METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
/// The default of `allowed_headers`: those of a JSON client, in addition to the safelisted ones.
const DEFAULT_ALLOWED_HEADERS: [&str; 8] = [
    "authorization",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "traceparent",
    "x-request-id",
    "x-request-timeout-ms",
];
/// The default of `exposed_headers`, with which a client can report an error and slow down.
const DEFAULT_EXPOSED_HEADERS: [&str; 5] = [
    "x-request-id",
    "retry-after",
    "ratelimit",
    "ratelimit-policy",
    "location",
];
/// The default of `max_age`: saves most preflights, and a removed origin loses access soon.
const DEFAULT_MAX_AGE: Timeout = Timeout::from_secs(10 * 60);

const VARY_PREFLIGHT: HeaderValue = HeaderValue::from_static(
    "origin, access-control-request-method, access-control-request-headers",
);
const VARY_ORIGIN: HeaderValue = HeaderValue::from_static("origin");
const ANY: HeaderValue = HeaderValue::from_static("*");
const TRUE: HeaderValue = HeaderValue::from_static("true");

/// Cross-origin resource sharing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CorsConfig {
    /// Whether pages of other origins may call the service.
    pub enabled: bool,
    /// The allowed origins: scheme, host and port, such as `https://app.example.org`. `*` allows
    /// every origin. Production rejects `*`, plain HTTP and loopback.
    #[schemars(extend("x-reloadable" = true, "x-browser-address" = true, "x-cors-origins" = true))]
    pub allowed_origins: Vec<String>,
    /// The allowed methods.
    pub allowed_methods: Vec<String>,
    /// The allowed request headers.
    pub allowed_headers: Vec<String>,
    /// The response headers that pages may read.
    pub exposed_headers: Vec<String>,
    /// Whether pages may send cookies and other credentials. Not allowed together with `*`.
    pub allow_credentials: bool,
    /// How long a browser may cache the response to a preflight.
    pub max_age: Timeout,
}

impl Default for CorsConfig {
    fn default() -> Self {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            enabled: false,
            allowed_origins: Vec::new(),
            allowed_methods: owned(&DEFAULT_ALLOWED_METHODS),
            allowed_headers: owned(&DEFAULT_ALLOWED_HEADERS),
            exposed_headers: owned(&DEFAULT_EXPOSED_HEADERS),
            allow_credentials: false,
            max_age: DEFAULT_MAX_AGE,
        }
    }
}

/// A CORS setting that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CorsError {
    /// An origin is not a scheme, a host and a port.
    #[error(
        "cors.allowed_origins: {0:?} is not a valid origin: use scheme, host and port, without a path or trailing slash, such as https://app.example.org"
    )]
    Origin(String),
    /// A text is not a valid HTTP method.
    #[error("cors.allowed_methods: {0:?} is not a valid HTTP method: use a method such as GET")]
    Method(String),
    /// A text is not a valid header name.
    #[error("cors.{0}: {1:?} is not a valid header name: use a name such as x-request-id")]
    Header(&'static str, String),
    /// Every origin together with credentials.
    #[error(
        "cors.allowed_origins: \"*\" cannot be combined with cors.allow_credentials: name the origins"
    )]
    AnyWithCredentials,
}

impl CorsError {
    /// The setting at fault, below those of the stack.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::Origin(_) | Self::AnyWithCredentials => "cors.allowed_origins",
            Self::Method(_) => "cors.allowed_methods",
            Self::Header("exposed_headers", _) => "cors.exposed_headers",
            Self::Header(..) => "cors.allowed_headers",
        }
    }
}

#[derive(Debug)]
enum Origins {
    Any,
    Listed(HashSet<HeaderValue>),
}

#[derive(Debug)]
struct Policy {
    origins: Origins,
    methods: HeaderValue,
    headers: HeaderValue,
    exposed: Option<HeaderValue>,
    credentials: bool,
    max_age: HeaderValue,
}

/// The effective policy. A reload can replace its origins.
#[derive(Debug)]
pub(crate) struct Cors(ArcSwap<Option<Policy>>);

/// The classification of the request's `Origin`, kept until the response.
#[derive(Debug, Clone)]
pub(crate) enum CrossOrigin {
    /// CORS is off, or every origin is allowed and the request has none. The response does not
    /// depend on the origin.
    Unrestricted,
    /// The response depends on the origin, and this one is absent or not allowed.
    NotAllowed,
    /// Allowed: the values of the response headers.
    Allowed {
        origin: HeaderValue,
        exposed: Option<HeaderValue>,
        credentials: bool,
    },
}

impl Cors {
    pub(crate) fn new(config: &CorsConfig) -> Result<Self, CorsError> {
        Ok(Self(ArcSwap::from_pointee(Policy::new(config)?)))
    }

    /// Replaces the policy, or changes nothing if the new one is invalid.
    pub(crate) fn reload(&self, config: &CorsConfig) -> Result<(), CorsError> {
        self.0.store(Policy::new(config)?.into());
        Ok(())
    }

    pub(crate) fn classify(&self, headers: &HeaderMap) -> CrossOrigin {
        let policy = self.0.load();
        let Some(policy) = policy.as_ref() else {
            return CrossOrigin::Unrestricted;
        };
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let origin = origins.next();
        // Two `Origin` headers count as an unknown origin.
        if origins.next().is_some() {
            return CrossOrigin::NotAllowed;
        }
        let origin = match (&policy.origins, origin) {
            (Origins::Any, None) => return CrossOrigin::Unrestricted,
            (Origins::Any, Some(_)) => ANY,
            (Origins::Listed(allowed), Some(origin)) if allowed.contains(origin) => origin.clone(),
            (Origins::Listed(_), _) => return CrossOrigin::NotAllowed,
        };
        CrossOrigin::Allowed {
            origin,
            exposed: policy.exposed.clone(),
            credentials: policy.credentials,
        }
    }

    /// Returns the headers of the response to a preflight, if the request is one and CORS is on.
    /// Its status is [`PREFLIGHT_STATUS`].
    pub(crate) fn preflight(
        &self,
        method: &Method,
        headers: &HeaderMap,
        found: &CrossOrigin,
    ) -> Option<HeaderMap> {
        if *method != Method::OPTIONS
            || !headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
            || !headers.contains_key(header::ORIGIN)
        {
            return None;
        }
        let policy = self.0.load();
        let policy = policy.as_ref().as_ref()?;
        let mut response = HeaderMap::new();
        response.insert(header::VARY, VARY_PREFLIGHT);
        if matches!(found, CrossOrigin::Allowed { .. }) {
            response.insert(header::ACCESS_CONTROL_ALLOW_METHODS, policy.methods.clone());
            response.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, policy.headers.clone());
            response.insert(header::ACCESS_CONTROL_MAX_AGE, policy.max_age.clone());
        }
        Some(response)
    }
}

/// The status of the response to every preflight: a rejection is the absence of the allowing
/// headers.
pub(crate) const PREFLIGHT_STATUS: StatusCode = StatusCode::NO_CONTENT;

impl CrossOrigin {
    /// Returns the maximum number of headers, to reserve space once.
    pub(crate) fn header_count(&self) -> usize {
        match self {
            Self::Unrestricted => 0,
            Self::NotAllowed => 1,
            Self::Allowed { .. } => 4,
        }
    }

    pub(crate) fn apply(self, headers: &mut HeaderMap) {
        match self {
            Self::Unrestricted => {}
            Self::NotAllowed => vary_by_origin(headers),
            Self::Allowed {
                origin,
                exposed,
                credentials,
            } => {
                if origin != ANY {
                    vary_by_origin(headers);
                }
                headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
                if credentials {
                    headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
                }
                if let Some(exposed) = exposed {
                    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
                }
            }
        }
    }
}

/// A shared cache must store responses for different origins separately. Other values of `Vary` are
/// from the handler and stay.
fn vary_by_origin(headers: &mut HeaderMap) {
    let named = headers.get_all(header::VARY).iter().any(|line| {
        line.to_str().is_ok_and(|line| {
            line.split(',').any(|name| {
                matches!(name.trim(), "*") || name.trim().eq_ignore_ascii_case("origin")
            })
        })
    });
    if !named {
        headers.append(header::VARY, VARY_ORIGIN);
    }
}

impl Policy {
    fn new(config: &CorsConfig) -> Result<Option<Self>, CorsError> {
        if !config.enabled {
            return Ok(None);
        }
        let origins = if config.allowed_origins.iter().any(|origin| origin == "*") {
            if config.allow_credentials {
                return Err(CorsError::AnyWithCredentials);
            }
            Origins::Any
        } else {
            let origins: Result<_, _> = config
                .allowed_origins
                .iter()
                .map(|text| origin(text))
                .collect();
            Origins::Listed(origins?)
        };
        for method in &config.allowed_methods {
            Method::from_str(method).map_err(|_| CorsError::Method(method.clone()))?;
        }
        let header_names = |setting, names: &[String]| {
            for name in names {
                HeaderName::from_str(name).map_err(|_| CorsError::Header(setting, name.clone()))?;
            }
            list(names).map_err(|text| CorsError::Header(setting, text))
        };
        Ok(Some(Self {
            origins,
            methods: list(&config.allowed_methods).map_err(CorsError::Method)?,
            headers: header_names("allowed_headers", &config.allowed_headers)?,
            exposed: Some(header_names("exposed_headers", &config.exposed_headers)?)
                .filter(|names| !names.is_empty()),
            credentials: config.allow_credentials,
            max_age: HeaderValue::from(config.max_age.get().as_secs()),
        }))
    }
}

fn list(names: &[String]) -> Result<HeaderValue, String> {
    let text = names.join(", ");
    HeaderValue::from_str(&text).map_err(|_| text)
}

fn origin(text: &str) -> Result<HeaderValue, CorsError> {
    let invalid = || CorsError::Origin(text.to_owned());
    let (scheme, authority) = text.split_once("://").ok_or_else(invalid)?;
    let plain = |byte: u8| byte.is_ascii_graphic() && !byte.is_ascii_uppercase();
    if scheme.is_empty()
        || authority.is_empty()
        || authority.contains(['/', '?', '#', '@', '*'])
        || !text.bytes().all(plain)
    {
        return Err(invalid());
    }
    HeaderValue::from_str(text).map_err(|_| invalid())
}

#[cfg(test)]
mod tests;
