//! An OpenAPI document and a page of it, for developers (API-4).
//!
//! The page is one file without external resources, so it works offline and discloses nothing to
//! other servers.

mod allowed;
mod config;

use axum::{
    extract::Request,
    middleware::{self, Next},
    response::{Html, IntoResponse, Response},
};
use http::{HeaderValue, header};
use seaworthy_core::{Code, Error, Switch, context};

pub use self::{allowed::AllowedAddress, config::OpenApiConfig};
use crate::routes::{Access, RouteOptions, Routes};

const PAGE: &str = include_str!("page.html");
/// Allows the page only its own script, its own style and requests to its own service. Its script
/// may not turn text into markup.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
);
/// The `Cache-Control` of the page: a cache must not show the interface of another version.
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Serves an OpenAPI document and its page, if the settings allow it. `is_development` selects the
/// defaults of the settings: served without authentication, or not served. While `switch` is off,
/// both paths do not exist.
pub fn openapi_routes(
    document: &'static str,
    config: &OpenApiConfig,
    is_development: bool,
    switch: Switch,
) -> Routes {
    if !config.enabled.unwrap_or(is_development) {
        return Routes::new();
    }
    let prefix = config.prefix.trim_matches('/');
    let (page_path, document_path) = match prefix {
        "" => ("/docs".to_owned(), "/openapi.json".to_owned()),
        prefix => (format!("/{prefix}/"), format!("/{prefix}/openapi.json")),
    };
    let mut options = RouteOptions::new().access(Access::Public);
    let is_limited = !config.scopes.is_empty() || !config.roles.is_empty();
    if config.authenticated.unwrap_or(!is_development) || is_limited {
        options = RouteOptions::new()
            .access(Access::Authenticated)
            .roles(config.roles.iter().map(String::as_str))
            .scopes(config.scopes.iter().map(String::as_str));
    }
    options = options.switch(switch);
    let routes = Routes::new()
        .get(&document_path, async move || {
            let headers = [
                (header::CONTENT_TYPE, JSON),
                (header::CACHE_CONTROL, NO_CACHE),
            ];
            (headers, document)
        })
        .get(&page_path, page)
        .with_options(|_| options.clone());
    if config.allowed_addresses.is_empty() {
        return routes;
    }
    let allowed: std::sync::Arc<[AllowedAddress]> = config.allowed_addresses.as_slice().into();
    routes.layer(middleware::from_fn(move |request: Request, next: Next| {
        let allowed = allowed.clone();
        async move { guarded(&allowed, request, next).await }
    }))
}

/// Rejects clients outside of the address ranges. A request without an address is rejected too.
async fn guarded(allowed: &[AllowedAddress], request: Request, next: Next) -> Response {
    let address = context::with_current(|context| context?.client_address());
    let is_allowed = |address| allowed.iter().any(|range| range.contains(address));
    if address.is_some_and(is_allowed) {
        return next.run(request).await;
    }
    let message = "this address has no permission to read the API description";
    Error::new(Code::Forbidden, "ADDRESS_NOT_ALLOWED", message).into_response()
}

async fn page() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, PAGE_POLICY),
        (header::CACHE_CONTROL, NO_CACHE),
    ];
    (headers, Html(PAGE))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::body::Body;
    use http::{Request, Response, request::Parts};
    use seaworthy_core::RequestContext;
    use tower::ServiceExt as _;

    use super::*;
    use crate::{Authenticate, Authentication};

    #[tokio::test]
    async fn documents_are_not_cached_api_4() {
        let identity = seaworthy_core::ServiceIdentity::new("orders", "1.0.0");
        let telemetry = seaworthy_telemetry::Telemetry::start_with_sink(
            &identity,
            &seaworthy_telemetry::logs::LogConfig::default(),
            &seaworthy_telemetry::MetricsConfig::default(),
            &seaworthy_telemetry::tracer::TracingConfig::default(),
            true,
            std::sync::Arc::new(seaworthy_telemetry::logs::MemorySink::default()),
        );
        let config = crate::HttpConfig::default();
        let builder = crate::Stack::builder(identity, config, &telemetry.unwrap());
        let routes = openapi_routes("{}", &OpenApiConfig::default(), true, Switch::new());
        let stack = builder.build(routes).unwrap();
        for path in ["/docs", "/openapi.json"] {
            let response = get(&stack, path, "192.0.2.1").await;
            assert_eq!(response.headers()["cache-control"], "no-cache", "{path}");
        }
    }

    async fn get(stack: &crate::Stack, path: &str, address: &str) -> Response<crate::StackBody> {
        let service = stack.connection(format!("{address}:4711").parse().unwrap(), false);
        let request = Request::get(path).body(Body::empty()).unwrap();
        service.oneshot(request).await.unwrap()
    }

    /// Treats every caller as anonymous.
    struct AnonymousOnly;

    impl Authenticate for AnonymousOnly {
        fn authenticate(
            &self,
            _: &Parts,
            _: &Arc<RequestContext>,
            _: &RouteOptions,
        ) -> Authentication {
            Authentication::Anonymous
        }
    }

    /// Returns the statuses of the page and of the document.
    async fn statuses(config: &OpenApiConfig, is_development: bool, address: &str) -> [u16; 2] {
        switched_statuses(config, is_development, address, Switch::new()).await
    }

    async fn switched_statuses(
        config: &OpenApiConfig,
        is_development: bool,
        address: &str,
        switch: Switch,
    ) -> [u16; 2] {
        let identity = seaworthy_core::ServiceIdentity::new("orders", "1.0.0");
        let telemetry = seaworthy_telemetry::Telemetry::start_with_sink(
            &identity,
            &seaworthy_telemetry::logs::LogConfig::default(),
            &seaworthy_telemetry::MetricsConfig::default(),
            &seaworthy_telemetry::tracer::TracingConfig::default(),
            true,
            std::sync::Arc::new(seaworthy_telemetry::logs::MemorySink::default()),
        );
        let http = crate::HttpConfig::default();
        let builder =
            crate::Stack::builder(identity, http, &telemetry.unwrap()).authenticate(AnonymousOnly);
        let routes = openapi_routes("{}", config, is_development, switch);
        let stack = builder.build(routes);
        let stack = stack.unwrap();
        let page = get(&stack, "/q/", address).await.status();
        let document = get(&stack, "/q/openapi.json", address).await.status();
        [page.as_u16(), document.as_u16()]
    }

    #[tokio::test]
    async fn documents_are_guarded_outside_of_development_sec_4() {
        let config = OpenApiConfig {
            prefix: "/q/".to_owned(),
            ..OpenApiConfig::default()
        };
        let client = "192.0.2.1";
        assert_eq!(statuses(&config, true, client).await, [200, 200]);
        assert_eq!(statuses(&config, false, client).await, [404, 404]);
        let enabled = OpenApiConfig {
            enabled: Some(true),
            ..config.clone()
        };
        assert_eq!(statuses(&enabled, false, client).await, [401, 401]);
        let of_network = OpenApiConfig {
            authenticated: Some(false),
            allowed_addresses: vec!["10.0.0.0/8".parse().unwrap()],
            ..enabled
        };
        assert_eq!(statuses(&of_network, false, client).await, [403, 403]);
        assert_eq!(statuses(&of_network, false, "10.1.2.3").await, [200, 200]);
        let of_all = OpenApiConfig {
            allowed_addresses: vec!["*".parse().unwrap()],
            ..of_network.clone()
        };
        assert_eq!(statuses(&of_all, false, client).await, [200, 200]);
        // A role needs a caller, also in development.
        let of_role = OpenApiConfig {
            roles: vec!["admin".to_owned()],
            ..of_all
        };
        assert_eq!(statuses(&of_role, true, client).await, [401, 401]);
    }

    #[tokio::test]
    async fn switched_off_documents_are_not_found_flag_2() {
        let config = OpenApiConfig {
            prefix: "/q/".to_owned(),
            enabled: Some(true),
            ..OpenApiConfig::default()
        };
        let switch = Switch::new();
        let client = "192.0.2.1";
        let statuses = async || switched_statuses(&config, false, client, switch.clone()).await;
        assert_eq!(statuses().await, [401, 401]);
        switch.set(false);
        assert_eq!(statuses().await, [404, 404]);
    }

    #[test]
    fn document_page_loads_no_other_host_api_4() {
        for place in ["http://", "https://", "src=", "@import", "url("] {
            assert!(!PAGE.contains(place), "{place}");
        }
    }

    #[test]
    fn page_sends_access_token_and_header_parameters_api_4() {
        for code in [
            "headers.set(\"authorization\"",
            "headers.set(parameter.name",
        ] {
            assert!(PAGE.contains(code), "{code}");
        }
    }

    #[test]
    fn page_turns_no_text_into_markup_sec_4() {
        for sink in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "DOMParser",
            "write(",
        ] {
            assert!(!PAGE.contains(sink), "{sink}");
        }
        let end = b"require-trusted-types-for 'script'; trusted-types 'none'";
        assert!(PAGE_POLICY.as_bytes().ends_with(end));
    }
}
