use std::convert::Infallible;

use axum::{
    Router,
    body::Body,
    routing::{MethodRouter, future::RouteFuture},
};
use http::Request;
use tower_service::Service as _;

use super::{MethodLabel, RouteOptions, list::Methods, variant::mount_template};

/// One handler with its options. The stack finds it once per request, so the enforced options and
/// the handler always belong to the same route (AUTH-5).
#[derive(Debug)]
pub(crate) struct Endpoint {
    /// The template of the route. Variants of one path have different ones.
    template: Box<str>,
    options: RouteOptions,
    methods: Methods,
    /// A router with exactly one route, or with one mounted router. axum reads the parameters of
    /// the path, and cannot select the handler of another endpoint.
    router: Router,
}

impl Endpoint {
    /// Creates the endpoint of a path of axum.
    pub(super) fn new(
        path: &str,
        template: &str,
        methods: MethodRouter,
        options: RouteOptions,
    ) -> Self {
        Self {
            template: template.into(),
            methods: Methods::served(&methods, &options),
            router: Router::new().route(path, methods),
            options,
        }
    }

    /// Creates the endpoint of all paths under a prefix, which must be a valid template.
    pub(super) fn mounted(prefix: &str, router: Router, options: RouteOptions) -> Self {
        Self {
            template: mount_template(prefix).into(),
            methods: Methods::every(&options),
            router: match prefix {
                "/" => router,
                prefix => Router::new().nest_service(prefix, router),
            },
            options,
        }
    }

    pub(crate) fn template(&self) -> &str {
        &self.template
    }

    pub(crate) fn options(&self) -> &RouteOptions {
        &self.options
    }

    pub(super) fn methods(&self) -> Methods {
        self.methods
    }

    /// Whether `HEAD` has its own handler instead of the `GET` handler without its body.
    pub(super) fn has_head_alone(&self) -> bool {
        self.methods.serves(MethodLabel::Head) && !self.methods.serves(MethodLabel::Get)
    }

    /// Calls the handler. The future does nothing until it is polled.
    pub(crate) fn call(&self, request: Request<Body>) -> RouteFuture<Infallible> {
        self.router.clone().call(request)
    }
}
