use axum::{body::Body, routing::MethodRouter};
use futures::FutureExt as _;
use http::{Method, Request, header};
use seaworthy_core::Timeout;
use serde::Serialize;
use tower_service::Service as _;

use super::{
    Access, MethodLabel, RouteOptions,
    variant::{Entry, Handlers, mount_template},
};

/// A route as the admin listener shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RouteDescription {
    /// The path template.
    pub path: String,
    /// The methods. Empty if the route serves every method.
    pub methods: Vec<&'static str>,
    /// The access.
    pub access: Access,
    /// The roles, of which a caller needs one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// The scopes that a caller needs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// The feature flag that the route requires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flag: Option<String>,
    /// The timeout, if the route sets one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Timeout>,
    /// The names of the route in lists of feature flags.
    #[serde(skip)]
    pub(crate) apis: Vec<String>,
}

impl RouteDescription {
    pub(super) fn of(entry: &Entry<()>) -> Vec<Self> {
        match &entry.handlers {
            Handlers::One(methods, options) => {
                let methods = Methods::served(methods, options);
                vec![Self::new(&entry.path, methods, options)]
            }
            Handlers::Variants(_, variants) => variants
                .iter()
                .map(|variant| {
                    let methods = Methods::served(&variant.methods, &variant.options);
                    Self::new(&variant.shown, methods, &variant.options)
                })
                .collect(),
            Handlers::Mount(_, options) => {
                let path = mount_template(&entry.path);
                vec![Self::new(&path, Methods::every(options), options)]
            }
        }
    }

    /// Describes a route.
    fn new(path: &str, methods: Methods, options: &RouteOptions) -> Self {
        let labels = MethodLabel::ALL.into_iter();
        let labels = labels.filter(|label| methods.serves(*label));
        let own = labels.map(|label| format!("{} {path}", label.as_str()));
        let further = options.further_names().map(str::to_owned);
        Self {
            path: path.to_owned(),
            apis: own.chain(further).collect(),
            methods: methods.names(),
            access: options.declared_access(),
            roles: options.required_roles().map(str::to_owned).collect(),
            scopes: options.required_scopes().map(str::to_owned).collect(),
            flag: options.required_flag().map(|flag| flag.key().to_owned()),
            timeout: options.own_timeout(),
        }
    }
}

/// The methods of a method router.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Methods {
    served: [bool; MethodLabel::COUNT],
}

impl Methods {
    pub(super) const NONE: Self = Self {
        served: [false; MethodLabel::COUNT],
    };
    const EVERY: Self = Self {
        served: [true; MethodLabel::COUNT],
    };

    /// Reads the methods of a method router. Its fallback responds to an unknown method with a list
    /// of the served ones. The fallback is replaced first, so no handler of the service runs.
    fn of(methods: &MethodRouter) -> Self {
        let Ok(unknown) = Method::from_bytes(b"SEAWORTHY-LIST") else {
            return Self::EVERY;
        };
        let mut methods = methods.clone().fallback(async || ());
        let mut request = Request::new(Body::empty());
        *request.method_mut() = unknown;
        let Some(Ok(response)) = methods.call(request).now_or_never() else {
            return Self::EVERY;
        };
        let Some(allowed) = response.headers().get(header::ALLOW) else {
            return Self::EVERY;
        };
        let allowed = allowed.to_str().unwrap_or_default();
        let mut found = Self::NONE;
        for (served, label) in found.served.iter_mut().zip(MethodLabel::ALL) {
            *served = allowed.split(',').any(|name| name == label.as_str());
        }
        found
    }

    /// Returns the methods of the router, without those that the options exclude.
    pub(super) fn served(methods: &MethodRouter, options: &RouteOptions) -> Self {
        Self::of(methods).without_excluded(options)
    }

    /// Returns every method, without those that the options exclude.
    pub(super) fn every(options: &RouteOptions) -> Self {
        Self::EVERY.without_excluded(options)
    }

    fn without_excluded(mut self, options: &RouteOptions) -> Self {
        if options.is_without_head() {
            self.remove(MethodLabel::Head);
        }
        self
    }

    pub(super) fn serves(self, label: MethodLabel) -> bool {
        self.served.get(label.index()).copied().unwrap_or_default()
    }

    pub(super) fn overlap(self, other: Self) -> Option<MethodLabel> {
        // GET implies HEAD, which may have its own handler.
        MethodLabel::ALL
            .into_iter()
            .filter(|label| *label != MethodLabel::Head)
            .find(|label| self.serves(*label) && other.serves(*label))
    }

    pub(super) fn join(&mut self, other: Self) {
        for (mine, theirs) in self.served.iter_mut().zip(other.served) {
            *mine |= theirs;
        }
    }

    pub(super) fn remove(&mut self, label: MethodLabel) {
        if let Some(served) = self.served.get_mut(label.index()) {
            *served = false;
        }
    }

    fn names(self) -> Vec<&'static str> {
        if self == Self::EVERY {
            return Vec::new();
        }
        MethodLabel::ALL
            .into_iter()
            .filter(|label| self.serves(*label))
            .map(MethodLabel::as_str)
            .collect()
    }

    /// Returns the value of `Allow`. `OPTIONS` is always served.
    pub(super) fn allow(mut self) -> String {
        if let Some(options) = self.served.get_mut(MethodLabel::Options.index()) {
            *options = true;
        }
        MethodLabel::ALL
            .into_iter()
            .filter(|label| *label != MethodLabel::Other && self.serves(*label))
            .map(MethodLabel::as_str)
            .collect::<Vec<_>>()
            .join(", ")
    }
}
