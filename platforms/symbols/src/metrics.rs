use seaworthy::{
    axum::http::{HeaderMap, HeaderName, header},
    prelude::*,
    telemetry::metrics::{Format, Metrics},
};

/// Returns a route that serves the metrics at a path of the public listener.
pub(crate) fn route(path: &str, metrics: &Metrics) -> Routes {
    let metrics = metrics.clone();
    let render = async move |headers: HeaderMap| {
        let accept = headers.get(header::ACCEPT);
        let accept = accept.and_then(|value| value.to_str().ok());
        let format = Format::negotiate(accept.unwrap_or_default());
        let content_type: [(HeaderName, &str); 1] = [(header::CONTENT_TYPE, format.content_type())];
        (content_type, metrics.render(format))
    };
    Routes::new()
        .get(path, render)
        .with_options(|options| options.access(Access::Public))
}
