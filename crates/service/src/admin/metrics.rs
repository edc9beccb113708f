use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderName, header};
use seaworthy_core::{Code, Error};
use seaworthy_http::Routes;

use super::AdminState;
use crate::kernel::metrics_switch;

pub(super) fn routes() -> Routes<AdminState> {
    Routes::new().get("/metrics", scrape)
}

async fn scrape(State(state): State<AdminState>, headers: HeaderMap) -> Response {
    if !metrics_switch(&state.parts.switches).is_on() {
        let message = "a feature flag has turned the metrics off";
        return Error::new(Code::NotFound, "METRICS_OFF", message).into_response();
    }
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
        .into_response()
}
