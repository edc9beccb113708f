use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    body::Bytes,
    http::{HeaderName, header},
};
use seaworthy_http::{Access, Routes};
use seaworthy_telemetry::metrics::{Format, Metrics};
use tokio::sync::Mutex;

/// Maximum age of the rendered text: anonymous requests cost at most one rendering per second.
const MAX_AGE: Duration = Duration::from_secs(1);

/// The text of the metrics, which anonymous clients may read. It has no exemplars, because they
/// contain the IDs of traces.
#[derive(Clone)]
struct PublicMetrics {
    metrics: Metrics,
    rendered: Arc<Mutex<Option<(Instant, Bytes)>>>,
}

impl PublicMetrics {
    async fn text(&self, now: Instant) -> Bytes {
        let mut rendered = self.rendered.lock().await;
        if let Some((at, text)) = &*rendered
            && now.saturating_duration_since(*at) < MAX_AGE
        {
            return text.clone();
        }
        let text = Bytes::from(self.metrics.render(Format::PrometheusText));
        *rendered = Some((now, text.clone()));
        text
    }
}

/// Returns a route that serves the metrics at a path of the public listener.
pub(super) fn route(path: &str, metrics: &Metrics) -> Routes {
    let public = PublicMetrics {
        metrics: metrics.clone(),
        rendered: Arc::default(),
    };
    let content_type: [(HeaderName, &str); 1] =
        [(header::CONTENT_TYPE, Format::PrometheusText.content_type())];
    Routes::new()
        .get(path, async move || {
            (content_type, public.text(Instant::now()).await)
        })
        .with_options(|options| options.access(Access::Public))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn public_metrics_are_rendered_once_a_second_obs_4() {
        let metrics = Metrics::new();
        let counter = metrics.counter("orders_total", "Orders.", &[]);
        let public = PublicMetrics {
            metrics: metrics.clone(),
            rendered: Arc::default(),
        };
        let now = Instant::now();
        let first = public.text(now).await;
        counter.increment();
        assert_eq!(public.text(now + MAX_AGE / 2).await, first);
        let later = public.text(now + MAX_AGE).await;
        let later = String::from_utf8(later.to_vec()).unwrap();
        assert!(later.contains("orders_total 1"), "{later}");
    }
}
