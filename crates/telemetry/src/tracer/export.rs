use std::time::Duration;

use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::connect::HttpConnector;
use opentelemetry::KeyValue;
use opentelemetry_http::hyper::HyperClient;
use opentelemetry_otlp::{
    ExporterBuildError, Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::{
    Resource,
    trace::{SpanData, SpanExporter as _},
};
use seaworthy_core::ServiceIdentity;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time,
};

use super::{config::TracingConfig, span::mask};
use crate::redact::Redactor;

/// Where the OTLP specification puts traces below an endpoint.
const TRACES_PATH: &str = "/v1/traces";

/// The collector's address cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidCollector {
    #[error("tracing.endpoint must begin with http:// or https://")]
    Scheme,
    #[error("the system's root certificates cannot be read")]
    RootCertificates(#[source] std::io::Error),
    #[error("tracing.endpoint cannot be used")]
    Exporter(#[source] ExporterBuildError),
}

/// The task that exports.
#[derive(Debug)]
pub(crate) struct Exporting {
    task: JoinHandle<()>,
    stop: oneshot::Sender<()>,
}

impl Exporting {
    /// Starts the task. Nothing is connected before the first span.
    pub(crate) fn start(
        identity: &ServiceIdentity,
        config: &TracingConfig,
        endpoint: &str,
        redactor: Redactor,
    ) -> Result<(mpsc::Sender<SpanData>, Self), InvalidCollector> {
        let mut exporter = exporter(config, endpoint)?;
        exporter.set_resource(&resource(identity));
        let (sender, queue) =
            mpsc::channel(usize::try_from(config.queue.max(1)).unwrap_or(usize::MAX));
        let (stop, stopped) = oneshot::channel();
        let batch = usize::try_from(config.batch.max(1)).unwrap_or(usize::MAX);
        let task = tokio::spawn(run(
            exporter,
            queue,
            stopped,
            batch,
            config.delay.get(),
            config.timeout.get(),
            redactor,
        ));
        Ok((sender, Self { task, stop }))
    }

    /// Exports what waits, at most `limit`. Returns whether all of it was.
    pub(crate) async fn shutdown(mut self, limit: Duration) -> bool {
        let _ = self.stop.send(());
        let done = time::timeout(limit, &mut self.task).await.is_ok();
        self.task.abort();
        done
    }
}

fn exporter(config: &TracingConfig, endpoint: &str) -> Result<SpanExporter, InvalidCollector> {
    let url = format!(
        "{}{TRACES_PATH}",
        endpoint.trim_end_matches('/').trim_end_matches(TRACES_PATH)
    );
    let timeout = config.timeout.get();
    let builder = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(url)
        .with_timeout(timeout);
    let built = if endpoint.starts_with("https://") {
        let roots = HttpsConnectorBuilder::new()
            .with_native_roots()
            .map_err(InvalidCollector::RootCertificates)?;
        builder
            .with_http_client(HyperClient::new(
                roots.https_only().enable_http1().build(),
                timeout,
                None,
            ))
            .build()
    } else if endpoint.starts_with("http://") {
        builder
            .with_http_client(HyperClient::new(HttpConnector::new(), timeout, None))
            .build()
    } else {
        return Err(InvalidCollector::Scheme);
    };
    built.map_err(InvalidCollector::Exporter)
}

fn resource(identity: &ServiceIdentity) -> Resource {
    let attribute = |name: &'static str, value: &str| KeyValue::new(name, value.to_owned());
    let attributes = [
        attribute("service.name", identity.name()),
        attribute("service.version", identity.version()),
        attribute("service.instance.id", identity.instance()),
    ];
    Resource::builder_empty()
        .with_attributes(attributes)
        .build()
}

async fn run(
    exporter: SpanExporter,
    mut queue: mpsc::Receiver<SpanData>,
    mut stopped: oneshot::Receiver<()>,
    most: usize,
    delay: Duration,
    timeout: Duration,
    redactor: Redactor,
) {
    let mut stopping = false;
    while !stopping {
        let mut batch = Vec::new();
        tokio::select! {
            count = queue.recv_many(&mut batch, most) => if count == 0 { return; },
            _ = &mut stopped => stopping = true,
        }
        if !stopping && batch.len() < most {
            tokio::select! {
                () = time::sleep(delay) => {}
                _ = &mut stopped => stopping = true,
            }
        }
        loop {
            while batch.len() < most {
                let Ok(span) = queue.try_recv() else { break };
                batch.push(span);
            }
            if batch.is_empty() {
                break;
            }
            let mut spans = std::mem::take(&mut batch);
            spans.iter_mut().for_each(|span| mask(span, &redactor));
            export(&exporter, spans, timeout).await;
            if !stopping {
                break;
            }
        }
    }
}

async fn export(exporter: &SpanExporter, batch: Vec<SpanData>, timeout: Duration) {
    let spans = batch.len();
    let problem = match time::timeout(timeout, exporter.export(batch)).await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error.to_string(),
        Err(_elapsed) => "no answer in time".to_owned(),
    };
    tracing::warn!(
        spans,
        problem,
        "spans were lost: the collector did not take them"
    );
}
