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
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Serves an OpenAPI document at `/openapi.json` and its page at `/docs` without authentication, for
/// development.
pub fn document_routes(document: &'static str) -> Routes {
    Routes::new()
        .get("/openapi.json", async move || {
            ([(header::CONTENT_TYPE, JSON)], document)
        })
        .get("/docs", page)
        .with_options(|_| RouteOptions::new().access(Access::Public))
}

async fn page() -> impl IntoResponse {
    ([(header::CONTENT_SECURITY_POLICY, PAGE_POLICY)], Html(PAGE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_needs_nothing_from_elsewhere_api_4() {
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
