use chrono::Utc;
use seaworthy_client::{ClientError, HttpClient, HttpClientConfig};
use seaworthy_config::Profile;
use seaworthy_core::{Secret, ServiceIdentity, Timeout, new_id};
use seaworthy_telemetry::{ErrorReport, metrics::Metrics};
use serde_json::{Value, json};
use url::Url;

use super::ErrorTrackingConfig;
use crate::start_error::StartError;

/// The media type of Sentry's envelopes.
const ENVELOPE: &str = "application/x-sentry-envelope";
/// The version of Sentry's protocol.
const PROTOCOL: u8 = 7;

/// The attributes of the service in reports.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    pub(super) identity: ServiceIdentity,
    pub(super) profile: Profile,
}

/// A tracker that receives reports.
pub(super) struct Target {
    client: HttpClient,
    url: Url,
    kind: Kind,
    timeout: Timeout,
    origin: Origin,
}

enum Kind {
    /// The public key of the project.
    Sentry {
        key: String,
    },
    Webhook,
}

impl Target {
    /// Returns the trackers of the settings.
    pub(super) fn of(
        config: &ErrorTrackingConfig,
        origin: Origin,
        metrics: &Metrics,
    ) -> Result<Vec<Self>, StartError> {
        let parse = |setting: &str, secret: &Secret<String>| {
            let url = Url::parse(secret.expose()).ok();
            let url = url.filter(|url| matches!(url.scheme(), "http" | "https"));
            url.ok_or_else(|| invalid(setting))
        };
        let mut kinds = Vec::new();
        if let Some(dsn) = &config.sentry_dsn {
            let dsn = parse("sentry_dsn", dsn)?;
            let (url, key) = endpoint(&dsn).ok_or_else(|| invalid("sentry_dsn"))?;
            kinds.push((url, Kind::Sentry { key }));
        }
        if let Some(url) = &config.webhook_url {
            kinds.push((parse("webhook_url", url)?, Kind::Webhook));
        }
        let targets = kinds.into_iter().map(|(url, kind)| {
            let name = format!("error-tracker-{}", kind.name());
            let client = HttpClient::builder(&name)
                .config(HttpClientConfig::default())
                .metrics(metrics)
                .build()
                .map_err(|error| {
                    StartError::with_cause("the client of the error tracker cannot be built", error)
                })?;
            Ok(Self {
                client,
                url,
                kind,
                timeout: config.timeout,
                origin: origin.clone(),
            })
        });
        targets.collect()
    }

    pub(super) fn name(&self) -> &'static str {
        self.kind.name()
    }

    /// Sends one report.
    pub(super) async fn send(&self, report: &ErrorReport) -> Result<(), ClientError> {
        let request = self.client.post(self.url.as_str()).timeout(self.timeout);
        let request = match &self.kind {
            Kind::Webhook => request.json(&self.origin.webhook(report)),
            Kind::Sentry { key } => {
                let agent = concat!("seaworthy/", env!("CARGO_PKG_VERSION"));
                let auth = format!(
                    "Sentry sentry_version={PROTOCOL}, sentry_client={agent}, sentry_key={key}"
                );
                request
                    .header("content-type", ENVELOPE)
                    .header("x-sentry-auth", auth)
                    .body(self.origin.envelope(report))
            }
        };
        request.send().await?.success().map(drop)
    }
}

impl Kind {
    fn name(&self) -> &'static str {
        match self {
            Self::Sentry { .. } => "sentry",
            Self::Webhook => "webhook",
        }
    }
}

impl Origin {
    fn webhook(&self, report: &ErrorReport) -> Value {
        json!({
            "service": self.identity.name(),
            "version": self.identity.version(),
            "profile": self.profile.to_string(),
            "time": Utc::now().to_rfc3339(),
            "kind": report.kind.as_str(),
            "source": report.source,
            "message": report.message,
            "request_id": report.request_id,
        })
    }

    /// Returns the lines of an envelope with one event.
    fn envelope(&self, report: &ErrorReport) -> String {
        let (id, now) = (new_id().simple().to_string(), Utc::now().to_rfc3339());
        let event = json!({
            "event_id": id,
            "timestamp": now,
            "platform": "other",
            "level": "error",
            "server_name": self.identity.name(),
            "release": format!("{}@{}", self.identity.name(), self.identity.version()),
            "environment": self.profile.to_string(),
            "transaction": report.source,
            "tags": { "request_id": report.request_id },
            "exception": { "values": [{
                "type": report.kind.as_str(),
                "value": report.message,
                "mechanism": { "type": report.kind.as_str(), "handled": true },
            }] },
        })
        .to_string();
        let head = json!({ "event_id": id, "sent_at": now });
        let item = json!({ "type": "event", "length": event.len() });
        format!("{head}\n{item}\n{event}\n")
    }
}

/// Returns the URL for envelopes and the public key of a DSN.
fn endpoint(dsn: &Url) -> Option<(Url, String)> {
    let (prefix, project) = dsn.path().rsplit_once('/')?;
    let is_project = !project.is_empty() && project.bytes().all(|byte| byte.is_ascii_digit());
    if !is_project || dsn.username().is_empty() {
        return None;
    }
    let key = dsn.username().to_owned();
    let mut url = dsn.clone();
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    url.set_path(&format!("{prefix}/api/{project}/envelope/"));
    Some((url, key))
}

fn invalid(setting: &str) -> StartError {
    StartError::new(format!(
        "error_tracking.{setting} is not a valid URL: use https://key@host/project for sentry_dsn, or https://host/path for webhook_url"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dsn_becomes_envelope_url_obs_8() {
        let endpoint = |dsn: &str| {
            let (url, key) = endpoint(&Url::parse(dsn).unwrap())?;
            Some((url.to_string(), key))
        };
        assert_eq!(
            endpoint("https://abc:old@errors.internal/sentry/42"),
            Some((
                "https://errors.internal/sentry/api/42/envelope/".to_owned(),
                "abc".to_owned()
            ))
        );
        for bad in [
            "https://errors.internal/42",
            "https://abc@errors.internal/",
            "https://abc@errors.internal/project",
        ] {
            assert_eq!(endpoint(bad), None, "{bad}");
        }
    }
}
