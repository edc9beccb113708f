use seaworthy_core::{Code, Error, RequestContext};

/// Decides by feature flags whether a route is available. The crate `seaworthy-flags` implements
/// it.
pub trait FlagGate: Send + Sync + 'static {
    /// Declares a flag that a route requires.
    ///
    /// # Errors
    /// A description if the flag cannot decide, because it is not boolean.
    fn declare(&self, key: &str) -> Result<(), String>;

    /// Decides for a request of a route. `api` is the method and the template of the route, such as
    /// `GET /reports/{id}`. A flag that is not defined has the value that the route declares.
    fn decide(&self, flag: &RequiredFlag, api: &str, request: &RequestContext) -> FlagDecision;

    /// Whether flags list routes that they govern. Routes then call [`permits`](Self::permits).
    fn governs_routes(&self) -> bool {
        false
    }

    /// Reports APIs in the lists of flags that the service does not serve. Called once, before the
    /// service is ready. `served` has the names of all routes.
    fn check_apis(&self, served: &[String]) {
        let _ = served;
    }

    /// Whether all flags that list an API are on for a request.
    fn permits(&self, api: &str, request: &RequestContext) -> bool {
        let _ = (api, request);
        true
    }
}

/// The decision of a feature flag about a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlagDecision {
    /// The route is available.
    On,
    /// The flag is off for the caller.
    Off,
    /// The flag is on, and its list of APIs does not contain the route.
    NotListed,
}

/// A feature flag that a route requires.
///
/// ```
/// use seaworthy_http::{FlagRejection, RequiredFlag};
///
/// let flag = RequiredFlag::new("reports.new").rejection(FlagRejection::Unavailable);
/// assert_eq!(flag.key(), "reports.new");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequiredFlag {
    key: Box<str>,
    on_by_default: bool,
    rejection: FlagRejection,
}

/// The response of a route whose feature flag is off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FlagRejection {
    /// 403 `FEATURE_DISABLED`.
    #[default]
    Disabled,
    /// The response of a route that does not exist.
    Hidden,
    /// 503 `FEATURE_UNAVAILABLE`, for a flag that operators turn off during an incident.
    Unavailable,
}

impl RequiredFlag {
    /// Creates a requirement whose flag is off until it is defined.
    #[must_use]
    pub fn new(key: impl Into<Box<str>>) -> Self {
        Self {
            key: key.into(),
            on_by_default: false,
            rejection: FlagRejection::default(),
        }
    }

    /// Makes the route available while the flag is not defined.
    #[must_use]
    pub fn on_by_default(mut self, on: bool) -> Self {
        self.on_by_default = on;
        self
    }

    /// Sets the response while the flag is off.
    #[must_use]
    pub fn rejection(mut self, rejection: FlagRejection) -> Self {
        self.rejection = rejection;
        self
    }

    /// Returns the key of the flag.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Whether the route is available while the flag is not defined.
    #[must_use]
    pub fn is_on_by_default(&self) -> bool {
        self.on_by_default
    }

    /// Returns the error of a decision. `missing` is that of a route that does not exist.
    pub(crate) fn rejection_of(
        &self,
        decision: FlagDecision,
        missing: impl FnOnce() -> Error,
    ) -> Result<(), Error> {
        match (decision, self.rejection) {
            (FlagDecision::On, _) => Ok(()),
            (_, FlagRejection::Hidden) => Err(missing()),
            (FlagDecision::NotListed, _) => Err(Error::new(
                Code::Forbidden,
                "API_DISABLED",
                "this operation is not enabled",
            )),
            (FlagDecision::Off, FlagRejection::Disabled) => Err(disabled()),
            (FlagDecision::Off, FlagRejection::Unavailable) => Err(Error::new(
                Code::Unavailable,
                "FEATURE_UNAVAILABLE",
                "this feature is temporarily turned off: try again later",
            )),
        }
    }
}

/// Returns the error of a route whose flag is off.
pub(crate) fn disabled() -> Error {
    let message = "this feature is not enabled for you";
    Error::new(Code::Forbidden, "FEATURE_DISABLED", message)
}
