//! The routes of a service, with axum's handlers, extractors and method routers.
//!
//! axum's `Router` cannot list its routes. The stack needs the list for metrics per route (OBS-4)
//! and for the admin listener. It also finds routes that do not declare their access (AUTH-5). So
//! this module keeps the list, and axum calls the handlers.

mod endpoint;
mod list;
mod logged_path;
mod method;
mod options;
mod path;
mod required_flag;
mod table;
mod variant;

use std::{convert::Infallible, sync::Arc};

use axum::{
    Router,
    extract::Request,
    handler::Handler,
    response::IntoResponse,
    routing::{self, MethodRouter, Route},
};
use http::Method;
use seaworthy_core::ByteSize;
use tower_layer::Layer;
use tower_service::Service;

use crate::body_limit::BodyReader;

pub use list::RouteDescription;
pub(crate) use method::MethodLabel;
pub use options::{Access, RouteOptions};
pub(crate) use required_flag::disabled;
pub use required_flag::{FlagDecision, FlagGate, FlagRejection, RequiredFlag};
pub use table::RouteError;
pub(crate) use table::{Found, PathId, Table, Target, UNMATCHED, check_access};
use variant::{Entry, Handlers};
pub use variant::{Variant, VariantMatch};

/// A list of routes. `S` is the state that handlers extract, until [`with_state`](Self::with_state)
/// sets it.
///
/// ```
/// use axum::extract::Path;
/// use seaworthy_core::{Code, Error};
/// use seaworthy_http::{Json, Routes};
///
/// async fn double(Path(number): Path<u32>) -> Result<Json<u32>, Error> {
///     let doubled = number
///         .checked_mul(2)
///         .ok_or_else(|| Error::new(Code::Invalid, "TOO_BIG", "the number cannot be doubled"))?;
///     Ok(Json(doubled))
/// }
///
/// let routes = Routes::new()
///     .get("/", async || "hello")
///     .nest("/numbers/v1", Routes::new().get("/{number}/double", double));
/// assert_eq!(routes.list()[1].path, "/numbers/v1/{number}/double");
/// ```
#[derive(Debug, Clone)]
#[must_use = "routes do nothing until a stack serves them"]
pub struct Routes<S = ()> {
    entries: Vec<Entry<S>>,
}

impl<S> Default for Routes<S> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
        }
    }
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// Creates an empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a handler for `GET` and `HEAD`.
    pub fn get<H: Handler<T, S>, T: 'static>(self, path: &str, handler: H) -> Self {
        self.route(path, routing::get(handler))
    }

    /// Adds a handler for `POST`.
    pub fn post<H: Handler<T, S>, T: 'static>(self, path: &str, handler: H) -> Self {
        self.route(path, routing::post(handler))
    }

    /// Adds a handler for `PUT`.
    pub fn put<H: Handler<T, S>, T: 'static>(self, path: &str, handler: H) -> Self {
        self.route(path, routing::put(handler))
    }

    /// Adds a handler for `PATCH`.
    pub fn patch<H: Handler<T, S>, T: 'static>(self, path: &str, handler: H) -> Self {
        self.route(path, routing::patch(handler))
    }

    /// Adds a handler for `DELETE`.
    pub fn delete<H: Handler<T, S>, T: 'static>(self, path: &str, handler: H) -> Self {
        self.route(path, routing::delete(handler))
    }

    /// Adds an axum method router. You can add one path several times with different methods.
    pub fn route(self, path: &str, methods: MethodRouter<S>) -> Self {
        self.route_with(path, methods, RouteOptions::new())
    }

    /// Adds a method router with options.
    pub fn route_with(
        mut self,
        path: &str,
        methods: MethodRouter<S>,
        options: RouteOptions,
    ) -> Self {
        self.entries.push(Entry {
            path: path.to_owned(),
            handlers: Handlers::One(Box::new(methods), options),
        });
        self
    }

    /// Adds several handlers on one path. `matcher` finds the handler of a request by its HTTP
    /// method and its whole percent-encoded path. The options of that handler apply.
    /// [`nest`](Self::nest) does not change the path that `matcher` receives.
    pub fn variants(
        mut self,
        path: &str,
        matcher: impl Fn(&Method, &str) -> VariantMatch + Send + Sync + 'static,
        variants: impl IntoIterator<Item = Variant<S>>,
    ) -> Self {
        self.entries.push(Entry {
            path: path.to_owned(),
            handlers: Handlers::Variants(Arc::new(matcher), variants.into_iter().collect()),
        });
        self
    }

    /// Adds a tower service, such as `tower_http::services::ServeDir`, for all paths under a
    /// prefix. The service receives the path without the prefix.
    ///
    /// Metrics, logs and lists show the service as one route, such as `/files/{*path}`. A path that
    /// the list has goes to its own handlers. Other spellings of it, such as `/files//private` or
    /// `/files/%70rivate`, get 404, so that the service cannot evade the options of a route.
    ///
    /// ```
    /// use axum::{Router, routing::get};
    /// use seaworthy_http::Routes;
    ///
    /// let reports = Router::new().route("/daily", get(async || "the report"));
    /// let routes = Routes::new().nest_service("/reports", reports);
    /// assert_eq!(routes.list()[0].path, "/reports/{*path}");
    /// ```
    pub fn nest_service<T>(self, prefix: &str, service: T) -> Self
    where
        T: Service<Request, Error = Infallible> + Clone + Send + Sync + 'static,
        T::Response: IntoResponse,
        T::Future: Send + 'static,
    {
        self.nest_service_with(prefix, service, RouteOptions::new())
    }

    /// Adds a tower service for all paths under a prefix, with options.
    pub fn nest_service_with<T>(self, prefix: &str, service: T, options: RouteOptions) -> Self
    where
        T: Service<Request, Error = Infallible> + Clone + Send + Sync + 'static,
        T::Response: IntoResponse,
        T::Future: Send + 'static,
    {
        self.mount(prefix, Router::new().fallback_service(service), options)
    }

    /// Adds an axum router for all paths that the list does not have.
    ///
    /// axum does not reveal the routes of a router, so all of them have the same options. Metrics,
    /// logs and lists show them as one route, `/{*path}`.
    pub fn merge_router(self, router: Router<S>) -> Self {
        self.merge_router_with(router, RouteOptions::new())
    }

    /// Adds an axum router for all paths that the list does not have, with options.
    pub fn merge_router_with(self, router: Router<S>, options: RouteOptions) -> Self {
        self.mount("/", router, options)
    }

    fn mount(mut self, prefix: &str, router: Router<S>, options: RouteOptions) -> Self {
        let path = match prefix.trim_end_matches('/') {
            "" if !prefix.is_empty() => "/",
            path => path,
        };
        self.entries.push(Entry {
            path: path.to_owned(),
            handlers: Handlers::Mount(router, options),
        });
        self
    }

    /// Adds a tower layer to all routes of the list. Routes that you add later do not have it.
    ///
    /// The layer runs around the handler, after all steps of the stack. So it sees only requests
    /// whose access, limits and body size the stack has checked, and never responses of the stack
    /// itself, such as 404. For a layer on one route, use [`MethodRouter::layer`].
    ///
    /// ```
    /// use axum::{extract::Request, middleware::{self, Next}, response::Response, routing};
    /// use seaworthy_http::Routes;
    ///
    /// async fn mark(request: Request, next: Next) -> Response {
    ///     let mut response = next.run(request).await;
    ///     response.headers_mut().insert("x-api", "v1".parse().unwrap());
    ///     response
    /// }
    ///
    /// let routes = Routes::new()
    ///     .get("/events", async || "all events")
    ///     .layer(middleware::from_fn(mark))
    ///     .route("/health-page", routing::get(async || "fine"));
    /// # assert_eq!(routes.list().len(), 2);
    /// ```
    pub fn layer<L>(self, layer: L) -> Self
    where
        L: Layer<Route> + Clone + Send + Sync + 'static,
        L::Service: Service<Request> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Response: IntoResponse + 'static,
        <L::Service as Service<Request>>::Error: Into<Infallible> + 'static,
        <L::Service as Service<Request>>::Future: Send + 'static,
    {
        let entries = self.entries.into_iter();
        Self {
            entries: entries.map(|entry| entry.layer(&layer)).collect(),
        }
    }

    /// Adds all routes of another list under a prefix, which may contain parameters. Handlers see
    /// the whole path.
    pub fn nest(mut self, prefix: &str, routes: Self) -> Self {
        let prefix = prefix.trim_end_matches('/');
        self.entries.extend(routes.entries.into_iter().map(|entry| {
            let path = match entry.path.as_str() {
                "/" if !prefix.is_empty() => prefix.to_owned(),
                path => format!("{prefix}{path}"),
            };
            Entry { path, ..entry }
        }));
        self
    }

    /// Adds all routes of another list.
    pub fn merge(mut self, routes: Self) -> Self {
        self.entries.extend(routes.entries);
        self
    }

    /// Changes the options of all routes in the list.
    pub fn with_options(mut self, change: impl Fn(RouteOptions) -> RouteOptions) -> Self {
        for entry in &mut self.entries {
            entry.change_options(&change);
        }
        self
    }

    /// Sets the state of the handlers.
    pub fn with_state(self, state: S) -> Routes {
        let entries = self.entries.into_iter();
        Routes {
            entries: entries.map(|entry| entry.with_state(&state)).collect(),
        }
    }
}

impl Routes {
    /// Returns all routes in the order of their addition.
    #[must_use]
    pub fn list(&self) -> Vec<RouteDescription> {
        self.entries.iter().flat_map(RouteDescription::of).collect()
    }

    /// The maximum bytes of a body that a handler holds, among the routes with an own limit.
    pub(crate) fn max_body_limit(&self) -> Option<(&str, ByteSize)> {
        self.entries
            .iter()
            .flat_map(Entry::options)
            .filter_map(|(path, options)| {
                let limit = options.own_body_limit()?;
                match options.body_reader() {
                    BodyReader::Whole => Some((path, limit)),
                    BodyReader::Buffer(size) => Some((path, limit.min(ByteSize::bytes(size)))),
                    BodyReader::Pieces | BodyReader::Messages => None,
                }
            })
            .max_by_key(|(_, limit)| *limit)
    }
}

#[cfg(test)]
mod lookup_tests;
#[cfg(test)]
mod tests;
