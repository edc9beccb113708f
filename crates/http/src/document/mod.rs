//! An OpenAPI document and a page of it, for developers (API-4).
//!
//! The page is one file without external resources, so it works offline and discloses nothing to other
//! servers.

use axum::response::{Html, IntoResponse};
use http::{HeaderValue, header};

use crate::routes::{Access, RouteOptions, Routes};

const PAGE: &str = include_str!("page.html");
/// Allows the page only its own script, its own style and requests to its own service. Its script
/// may not turn text into markup.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
);
/// A cache must not show the interface of another version.
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Serves an OpenAPI document at `/openapi.json` and its page at `/docs` without authentication, for
/// development.
pub fn document_routes(document: &'static str) -> Routes {
    Routes::new()
        .get("/openapi.json", async move || {
            let headers = [
                (header::CONTENT_TYPE, JSON),
                (header::CACHE_CONTROL, NO_CACHE),
            ];
            (headers, document)
        })
        .get("/docs", page)
        .with_options(|_| RouteOptions::new().access(Access::Public))
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
    use axum::body::Body;
    use http::Request;
    use tower::ServiceExt as _;

    use super::*;

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
        let stack = builder.build(document_routes("{}")).unwrap();
        for path in ["/docs", "/openapi.json"] {
            let service = stack.connection("192.0.2.1:4711".parse().unwrap(), false);
            let request = Request::get(path).body(Body::empty()).unwrap();
            let response = service.oneshot(request).await.unwrap();
            assert_eq!(response.headers()["cache-control"], "no-cache", "{path}");
        }
    }

    #[test]
    fn document_page_loads_no_other_host_api_4() {
        for place in ["http://", "https://", "src=", "@import", "url("] {
            assert!(!PAGE.contains(place), "{place}");
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
