use axum::extract::State;
use http::{HeaderMap, header};
use seaworthy_http::Routes;
use seaworthy_telemetry::metrics::Format;

use super::AdminState;

pub(super) fn routes() -> Routes<AdminState> {
    Routes::new().get("/metrics", scrape)
}

async fn scrape(
    State(state): State<AdminState>,
    headers: HeaderMap,
) -> ([(header::HeaderName, &'static str); 1], String) {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let format = Format::negotiate(accept);
    (
        [(header::CONTENT_TYPE, format.content_type())],
        state.parts.telemetry.metrics().render(format),
    )
}
