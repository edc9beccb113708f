//! The OpenAPI document and a page of it, for developers (API-4).
//!
//! The page is one file without anything from elsewhere, so that it works offline and no content network learns who develops what.

use axum::response::{Html, IntoResponse};
use http::{HeaderValue, header};
use seaworthy_http::{Access, RouteOptions, Routes};
use seaworthy_service::StartError;

const PAGE: &str = include_str!("page.html");
/// Lets the page run its own script and style and ask its own service, and nothing else.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
);
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The routes of the document and its page; none where there is no document.
///
/// # Errors
/// There are several documents.
pub(crate) fn routes(documents: &[&'static str]) -> Result<Routes, StartError> {
    let Some((document, others)) = documents.split_first() else {
        return Ok(Routes::new());
    };
    // Contracts that were compiled together bring the same document.
    if others.iter().any(|other| other != document) {
        return Err(StartError::new(
            "the contracts have several OpenAPI documents; compile them in one call of the builder",
        ));
    }
    let document = *document;
    Ok(Routes::new()
        .get("/openapi.json", async move || {
            ([(header::CONTENT_TYPE, JSON)], document)
        })
        .get("/docs", page)
        .with_options(|_| RouteOptions::new().access(Access::Public)))
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
    fn documents_that_were_compiled_apart_are_refused_api_4() {
        assert_eq!(routes(&["{}", "{}"]).unwrap().list().len(), 2);
        assert!(routes(&["{}", "{\"openapi\":1}"]).is_err());
        assert!(routes(&[]).unwrap().list().is_empty());
    }
}
