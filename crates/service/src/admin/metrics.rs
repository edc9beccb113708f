use axum::{extract::State, response::IntoResponse};
use http::{HeaderMap, HeaderName, header};
use seaworthy_http::Routes;

use super::AdminState;

pub(super) fn routes() -> Routes<AdminState> {
    Routes::new().get("/metrics", scrape)
}

async fn scrape(State(state): State<AdminState>, headers: HeaderMap) -> impl IntoResponse + use<> {
    let value = |name: HeaderName| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    };
    let metrics = state.parts.telemetry.metrics();
    let exposition = metrics.expose(value(header::ACCEPT), value(header::ACCEPT_ENCODING));
    let encoding = exposition.content_encoding;
    (
        [
            (header::CONTENT_TYPE, exposition.content_type),
            (header::VARY, "accept, accept-encoding"),
        ],
        encoding.map(|encoding| [(header::CONTENT_ENCODING, encoding)]),
        exposition.body,
    )
}
