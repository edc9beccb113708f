use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
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
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use seaworthy_core::ServiceIdentity;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time,
};

use super::{config::TracingConfig, span::mask};
use crate::redact::Redactor;

/// The path of traces, which is appended to an endpoint (OTLP specification).
const TRACES_PATH: &str = "/v1/traces";

/// Errors of the span exporter at startup.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExporterError {
    #[error("tracing.endpoint must begin with http:// or https://")]
    Scheme,
    #[error("the root certificates of the system cannot be read")]
    RootCertificates(#[source] std::io::Error),
    #[error("tracing.ca_file {} cannot be used: {problem}", path.display())]
    CaFile { path: PathBuf, problem: String },
    #[error("tracing.endpoint is not a valid collector endpoint")]
    Build(#[source] ExporterBuildError),
}

/// The task that exports spans.
#[derive(Debug)]
pub(crate) struct Exporter {
    task: JoinHandle<()>,
    stop: oneshot::Sender<()>,
}

impl Exporter {
    /// Starts the task. It connects with the first span.
    pub(crate) fn start(
        identity: &ServiceIdentity,
        config: &TracingConfig,
        endpoint: &str,
        redactor: Redactor,
    ) -> Result<(mpsc::Sender<SpanData>, Self), ExporterError> {
        let mut exporter = exporter(config, endpoint)?;
        exporter.set_resource(&resource(identity, config.service_name.as_deref()));
        let (sender, queue) =
            mpsc::channel(usize::try_from(config.max_queue_size.max(1)).unwrap_or(usize::MAX));
        let (stop, stopped) = oneshot::channel();
        let max_batch_size = usize::try_from(config.max_batch_size.max(1)).unwrap_or(usize::MAX);
        let task = tokio::spawn(run(
            exporter,
            queue,
            stopped,
            max_batch_size,
            config.schedule_delay.get(),
            config.timeout.get(),
            redactor,
        ));
        Ok((sender, Self { task, stop }))
    }

    /// Exports the queued spans within `timeout`. Returns whether all were exported.
    pub(crate) async fn shutdown(mut self, timeout: Duration) -> bool {
        let _ = self.stop.send(());
        let done = time::timeout(timeout, &mut self.task).await.is_ok();
        self.task.abort();
        done
    }
}

fn exporter(config: &TracingConfig, endpoint: &str) -> Result<SpanExporter, ExporterError> {
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
        let connector = connector(config.ca_file.as_deref())?;
        builder
            .with_http_client(HyperClient::new(connector, timeout, None))
            .build()
    } else if endpoint.starts_with("http://") {
        builder
            .with_http_client(HyperClient::new(HttpConnector::new(), timeout, None))
            .build()
    } else {
        return Err(ExporterError::Scheme);
    };
    built.map_err(ExporterError::Build)
}

/// Returns a connector that trusts the certificates of a file, or those of the system.
fn connector(ca_file: Option<&Path>) -> Result<HttpsConnector<HttpConnector>, ExporterError> {
    let builder = HttpsConnectorBuilder::new();
    let builder = match ca_file {
        None => builder
            .with_native_roots()
            .map_err(ExporterError::RootCertificates)?,
        Some(path) => builder.with_tls_config(
            ClientConfig::builder()
                .with_root_certificates(authorities(path)?)
                .with_no_client_auth(),
        ),
    };
    Ok(builder.https_only().enable_http1().build())
}

fn authorities(path: &Path) -> Result<RootCertStore, ExporterError> {
    let unusable = |problem: String| ExporterError::CaFile {
        path: path.to_owned(),
        problem,
    };
    let mut roots = RootCertStore::empty();
    let certificates =
        CertificateDer::pem_file_iter(path).map_err(|error| unusable(error.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| unusable(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unusable("it contains no certificate".to_owned()));
    }
    Ok(roots)
}

fn resource(identity: &ServiceIdentity, name: Option<&str>) -> Resource {
    let attribute = |name: &'static str, value: &str| KeyValue::new(name, value.to_owned());
    let attributes = [
        attribute("service.name", name.unwrap_or(identity.name())),
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
    max_batch_size: usize,
    schedule_delay: Duration,
    timeout: Duration,
    redactor: Redactor,
) {
    let mut stopping = false;
    while !stopping {
        let mut batch = Vec::new();
        tokio::select! {
            count = queue.recv_many(&mut batch, max_batch_size) => if count == 0 { return; },
            _ = &mut stopped => stopping = true,
        }
        if !stopping && batch.len() < max_batch_size {
            tokio::select! {
                () = time::sleep(schedule_delay) => {}
                _ = &mut stopped => stopping = true,
            }
        }
        loop {
            while batch.len() < max_batch_size {
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
    let error = match time::timeout(timeout, exporter.export(batch)).await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error.to_string(),
        Err(_elapsed) => format!("timed out after {timeout:?}"),
    };
    tracing::warn!(spans, error, "spans could not be exported to the collector");
}
