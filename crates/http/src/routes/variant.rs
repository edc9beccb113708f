use std::{convert::Infallible, fmt, sync::Arc};

use axum::{
    Router,
    extract::Request,
    response::IntoResponse,
    routing::{MethodRouter, Route},
};
use http::Method;
use tower_layer::Layer;
use tower_service::Service;

use super::RouteOptions;

/// The result of matching a request with the [`Variant`]s of one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VariantMatch {
    /// The variant with this index.
    Variant(usize),
    /// The path exists, but only for these HTTP methods.
    OtherMethods(Vec<Method>),
    /// The path does not exist.
    NoMatch,
}

/// Finds the variant for the HTTP method and the percent-encoded path of a request.
pub(crate) type Matcher = Arc<dyn Fn(&Method, &str) -> VariantMatch + Send + Sync>;

/// One of several handlers that share an axum path, with its own options. It serves a contract
/// method whose template axum cannot express, such as the verb in `/v1/orders/{id}:cancel`.
#[derive(Debug, Clone)]
pub struct Variant<S = ()> {
    pub(crate) shown: String,
    pub(crate) methods: MethodRouter<S>,
    pub(crate) options: RouteOptions,
}

impl<S> Variant<S> {
    /// Creates a handler that the admin listener and errors show as `template`.
    pub fn new(
        template: impl Into<String>,
        methods: MethodRouter<S>,
        options: RouteOptions,
    ) -> Self {
        Self {
            shown: template.into(),
            methods,
            options,
        }
    }
}

/// One call on [`Routes`](super::Routes). It adds a path with one handler, a path with several
/// handlers and a function that chooses one, or the prefix of a router.
#[derive(Clone)]
pub(crate) struct Entry<S> {
    pub(crate) path: String,
    pub(crate) handlers: Handlers<S>,
}

#[derive(Clone)]
pub(crate) enum Handlers<S> {
    One(Box<MethodRouter<S>>, RouteOptions),
    Variants(Matcher, Vec<Variant<S>>),
    /// A router for all paths under the prefix `Entry::path`, which is `/` for all paths.
    Mount(Router<S>, RouteOptions),
}

/// Returns the template of all paths under a prefix, by which metrics and lists show a mount.
pub(super) fn mount_template(prefix: &str) -> String {
    format!("{}/{{*path}}", prefix.trim_end_matches('/'))
}

impl<S> Entry<S> {
    /// The options of every handler, with the path that is shown for it.
    pub(crate) fn options(&self) -> Vec<(&str, &RouteOptions)> {
        match &self.handlers {
            Handlers::One(_, options) | Handlers::Mount(_, options) => vec![(&self.path, options)],
            Handlers::Variants(_, variants) => variants
                .iter()
                .map(|variant| (&*variant.shown, &variant.options))
                .collect(),
        }
    }

    /// Changes the options of every handler.
    pub(crate) fn change_options(&mut self, change: &impl Fn(RouteOptions) -> RouteOptions) {
        match &mut self.handlers {
            Handlers::One(_, options) | Handlers::Mount(_, options) => {
                *options = change(std::mem::take(options));
            }
            Handlers::Variants(_, variants) => {
                for variant in variants {
                    variant.options = change(std::mem::take(&mut variant.options));
                }
            }
        }
    }
}

impl<S: Clone + Send + Sync + 'static> Entry<S> {
    /// Gives the handlers their state.
    pub(crate) fn with_state(self, state: &S) -> Entry<()> {
        let handlers = match self.handlers {
            Handlers::One(methods, options) => {
                Handlers::One(Box::new(methods.with_state(state.clone())), options)
            }
            Handlers::Variants(matcher, variants) => {
                let variants = variants.into_iter().map(|variant| Variant {
                    shown: variant.shown,
                    methods: variant.methods.with_state(state.clone()),
                    options: variant.options,
                });
                Handlers::Variants(matcher, variants.collect())
            }
            Handlers::Mount(router, options) => {
                Handlers::Mount(router.with_state(state.clone()), options)
            }
        };
        Entry {
            path: self.path,
            handlers,
        }
    }

    /// Adds a layer to every handler.
    pub(crate) fn layer<L>(self, layer: &L) -> Self
    where
        L: Layer<Route> + Clone + Send + Sync + 'static,
        L::Service: Service<Request> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Response: IntoResponse + 'static,
        <L::Service as Service<Request>>::Error: Into<Infallible> + 'static,
        <L::Service as Service<Request>>::Future: Send + 'static,
    {
        let handlers = match self.handlers {
            Handlers::One(methods, options) => {
                Handlers::One(Box::new(methods.layer(layer.clone())), options)
            }
            Handlers::Variants(matcher, variants) => {
                let variants = variants.into_iter().map(|variant| Variant {
                    methods: variant.methods.layer(layer.clone()),
                    ..variant
                });
                Handlers::Variants(matcher, variants.collect())
            }
            Handlers::Mount(router, options) => {
                Handlers::Mount(router.layer(layer.clone()), options)
            }
        };
        Self { handlers, ..self }
    }
}

impl<S> fmt::Debug for Entry<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Entry")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
