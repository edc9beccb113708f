use std::{fmt, sync::Arc, time::Duration};

use async_nats::{
    Auth, Client, ConnectErrorKind, ConnectOptions, Event, Message, Request, ServerAddr,
    ServerError, Subject,
    client::RequestErrorKind,
    connection::State,
    jetstream::{self, Context, response::Response},
};
use percent_encoding::percent_decode_str;
use seaworthy_core::{Backoff, Secret, Timeout};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::{broadcast, watch};

use crate::{MessagingConfig, transport::TransportError};

/// The prefix of the subjects of the JetStream API.
const API: &str = "$JS.API";
/// The first backoff of reconnects. A server that restarts is back within seconds.
const INITIAL_BACKOFF: Timeout = Timeout::from_millis(50);
/// The maximum backoff of reconnects: probe once per second.
const MAX_BACKOFF: Timeout = Timeout::from_secs(1);
/// Number of attempts after which the backoff does not grow.
const MAX_COUNTED_ATTEMPTS: usize = 32;
/// The interval of pings. After two unanswered pings the client reconnects. Most middleboxes drop a
/// silent connection only after a minute.
const PING_INTERVAL: Duration = Duration::from_secs(10);
/// The beginning of the server's error for a subject that the user may not publish to.
const PUBLISH_VIOLATION: &str = "permissions violation for publish to \"";
/// Capacity of the channel of violations. A request that misses a violation waits for its timeout.
const VIOLATION_BUFFER: usize = 64;

/// The connection to the servers. The client reconnects automatically, and waiting requests fail.
#[derive(Clone)]
pub(super) struct BrokerConnection {
    pub(super) client: Client,
    timeout: Duration,
    losses: watch::Receiver<u64>,
    /// The subjects that the user may not publish to, as the server reports them.
    violations: broadcast::Sender<String>,
}

/// Errors of a request to JetStream.
#[derive(Debug, thiserror::Error)]
pub(super) enum RequestError {
    /// JetStream responded with an error.
    #[error("{0}")]
    Rejected(jetstream::Error),
    /// The user may not publish to the subject of the request.
    #[error("the user has no permission to publish to {0}: grant it in the account of the user")]
    Forbidden(String),
    /// JetStream did not respond.
    #[error("{0}")]
    Unavailable(String),
}

impl RequestError {
    /// Whether the stream, the consumer or the message does not exist.
    pub(super) fn is_not_found(&self) -> bool {
        matches!(self, Self::Rejected(error) if error.code() == 404)
    }
}

impl From<RequestError> for TransportError {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Rejected(error) if error.code() < 500 => {
                Self::rejected(format!("JetStream rejected the request: {error}"))
            }
            RequestError::Forbidden(_) => Self::rejected(error),
            error => Self::unavailable(error),
        }
    }
}

/// The credentials of the settings.
enum Credentials {
    None,
    User(String, Secret<String>),
    Token(Secret<String>),
}

impl Credentials {
    /// Returns options that read the newest password for each connection (CONF-5).
    fn options(self) -> ConnectOptions {
        if let Self::None = self {
            return ConnectOptions::new();
        }
        ConnectOptions::with_auth_callback(move |_nonce| {
            let mut auth = Auth::new();
            match &self {
                Self::None => {}
                Self::User(user, password) => {
                    auth.username = Some(user.clone());
                    auth.password = Some(password.current().expose().clone());
                }
                Self::Token(token) => auth.token = Some(token.current().expose().clone()),
            }
            std::future::ready(Ok(auth))
        })
    }
}

impl BrokerConnection {
    pub(super) async fn open(config: &MessagingConfig, name: &str) -> Result<Self, TransportError> {
        let (lost, losses) = watch::channel(0_u64);
        let lost = Arc::new(lost);
        let (violations, _) = broadcast::channel(VIOLATION_BUFFER);
        let reported = violations.clone();
        let nats = &config.nats;
        let url = config.url.with_credentials(None);
        let mut url = url.ok_or_else(|| TransportError::rejected("the broker URL is invalid"))?;
        let user = decoded(url.username());
        let credentials = match (user, url.password().and_then(decoded), &config.password) {
            (Some(user), Some(password), _) => Credentials::User(user, Secret::new(password)),
            (Some(user), None, Some(password)) => Credentials::User(user, password.clone()),
            // A server with tokens has no users.
            (Some(token), None, None) | (None, Some(token), _) => {
                Credentials::Token(Secret::new(token))
            }
            (None, None, Some(token)) => Credentials::Token(token.clone()),
            (None, None, None) => Credentials::None,
        };
        // Errors of the client contain the URL.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        let backoff = Backoff::new(INITIAL_BACKOFF, MAX_BACKOFF);
        let mut options = credentials
            .options()
            .name(name)
            .connection_timeout(nats.connect_timeout.get())
            .request_timeout(Some(nats.timeout.get()))
            .ping_interval(PING_INTERVAL)
            .require_tls(url.scheme() == "tls")
            .reconnect_delay_callback(move |attempts| {
                let attempts = attempts.min(MAX_COUNTED_ATTEMPTS);
                backoff.delay(u32::try_from(attempts).unwrap_or(u32::MAX))
            })
            .event_callback(move |event| {
                let (lost, violations) = (Arc::clone(&lost), reported.clone());
                async move { record(&lost, &violations, &event) }
            });
        if let Some(file) = &nats.ca_file {
            options = options.add_root_certificates(file.clone());
        }
        let address = ServerAddr::from_url(url).map_err(TransportError::rejected)?;
        let client = options
            .connect(address)
            .await
            .map_err(|error| match error.kind() {
                ConnectErrorKind::ServerParse
                | ConnectErrorKind::Authentication
                | ConnectErrorKind::AuthorizationViolation => TransportError::rejected(error),
                _ => TransportError::unavailable(error),
            })?;
        Ok(Self {
            client,
            timeout: nats.timeout.get(),
            losses,
            violations,
        })
    }

    /// Checks that the client is connected.
    pub(super) fn is_up(&self) -> Result<(), TransportError> {
        if self.client.connection_state() == State::Connected {
            return Ok(());
        }
        Err(connection_lost_error())
    }

    /// Returns a handle that reports the loss of the current connection.
    pub(super) fn watch_loss(&self) -> ConnectionLoss {
        let mut losses = self.losses.clone();
        losses.mark_unchanged();
        ConnectionLoss(losses)
    }

    /// Returns a context that publishes to JetStream. Acknowledgements may take `timeout`.
    pub(super) fn publishing(&self, timeout: Duration) -> Context {
        let mut context = jetstream::new(self.client.clone());
        context.set_timeout(timeout);
        context
    }

    /// Calls the JetStream API.
    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        api: &str,
        body: &Value,
    ) -> Result<T, RequestError> {
        let answer = self.request(format!("{API}.{api}"), body).await?;
        response(api, &answer)
    }

    /// Publishes to a stream and waits until it has stored the message.
    pub(super) async fn store(&self, subject: String, body: &Value) -> Result<(), RequestError> {
        let answer = self.request(subject.clone(), body).await?;
        response::<Stored>(&subject, &answer).map(drop)
    }

    /// Returns the message of a stream that `body` selects, if it exists.
    pub(super) async fn find(
        &self,
        stream: &str,
        body: &Value,
    ) -> Result<Option<Message>, RequestError> {
        let subject = format!("{API}.DIRECT.GET.{stream}");
        let message = self.request(subject, body).await?;
        match message.status.map(|status| status.as_u16()) {
            None | Some(200) => Ok(Some(message)),
            Some(404) => Ok(None),
            Some(status) => {
                let description = message.description.unwrap_or_default();
                let text = format!("{stream}: {status} {description}");
                Err(RequestError::Unavailable(text))
            }
        }
    }

    /// Sends a request and waits for the reply.
    pub(super) async fn request(
        &self,
        subject: String,
        body: &Value,
    ) -> Result<Message, RequestError> {
        let payload = match body {
            Value::String(text) => text.clone().into_bytes(),
            Value::Null => Vec::new(),
            body => body.to_string().into_bytes(),
        };
        if let Err(error) = self.is_up() {
            return Err(RequestError::Unavailable(error.to_string()));
        }
        let mut loss = self.watch_loss();
        let violations = self.violations.subscribe();
        let request = Request::new()
            .payload(payload.into())
            .timeout(Some(self.timeout));
        let answer = tokio::select! {
            answer = self.client.send_request(subject.clone(), request) => answer,
            () = loss.wait() => {
                return Err(RequestError::Unavailable("the connection was lost".to_owned()));
            }
            () = is_forbidden(violations, &subject) => {
                return Err(RequestError::Forbidden(subject));
            }
        };
        answer.map_err(|error| match error.kind() {
            RequestErrorKind::NoResponders => RequestError::Unavailable(
                "JetStream is not enabled, or the stream does not exist".to_owned(),
            ),
            _ => RequestError::Unavailable(error.to_string()),
        })
    }

    /// Sends a message without waiting for a reply.
    pub(super) async fn send(
        &self,
        subject: Subject,
        text: &'static str,
    ) -> Result<(), TransportError> {
        self.is_up()?;
        let sent = self.client.publish(subject, text.into()).await;
        sent.map_err(TransportError::unavailable)
    }
}

/// The reply of a stream that stored a message.
#[derive(Debug, serde::Deserialize)]
struct Stored {}

/// Reads a reply of JetStream.
fn response<T: DeserializeOwned>(request: &str, answer: &Message) -> Result<T, RequestError> {
    let answer = serde_json::from_slice(&answer.payload);
    match answer.map_err(|error| RequestError::Unavailable(format!("{request}: {error}")))? {
        Response::Ok(answer) => Ok(answer),
        Response::Err { error } => Err(RequestError::Rejected(error)),
    }
}

/// Completes when the server reports that the user may not publish to the subject.
async fn is_forbidden(mut violations: broadcast::Receiver<String>, subject: &str) {
    loop {
        match violations.recv().await {
            Ok(forbidden) if forbidden == subject => return,
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// The loss of one connection.
pub(super) struct ConnectionLoss(watch::Receiver<u64>);

impl ConnectionLoss {
    /// Completes when the connection is lost.
    pub(super) async fn wait(&mut self) {
        // The client owns the sender. If the client was dropped, the connection is lost.
        let _ = self.0.changed().await;
    }
}

pub(super) fn connection_lost_error() -> TransportError {
    TransportError::unavailable("the connection is lost")
}

fn record(losses: &watch::Sender<u64>, violations: &broadcast::Sender<String>, event: &Event) {
    match event {
        Event::Disconnected | Event::Closed => losses.send_modify(|count| *count += 1),
        Event::ServerError(ServerError::Other(error)) => {
            if let Some(subject) = forbidden_subject(error) {
                // Without a waiting request there is no receiver.
                let _ = violations.send(subject.to_owned());
            }
        }
        _ => {}
    }
    tracing::debug!(%event, "NATS connection event");
}

/// Returns the subject of a permissions violation of a publish.
fn forbidden_subject(error: &str) -> Option<&str> {
    let start = error.to_ascii_lowercase().find(PUBLISH_VIOLATION)?;
    let subject = error.get(start + PUBLISH_VIOLATION.len()..)?;
    subject.split('"').next()
}

fn decoded(text: &str) -> Option<String> {
    let text = percent_decode_str(text).decode_utf8().ok()?;
    (!text.is_empty()).then(|| text.into_owned())
}

impl fmt::Debug for BrokerConnection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BrokerConnection")
            .field("state", &self.client.connection_state())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::forbidden_subject;

    #[test]
    fn reads_subject_of_permissions_violation_msg_1() {
        let error = "Permissions Violation for Publish to \"$JS.API.STREAM.INFO.a++b\"";
        assert_eq!(forbidden_subject(error), Some("$JS.API.STREAM.INFO.a++b"));
        let subscription = "Permissions Violation for Subscription to \"a\"";
        assert_eq!(forbidden_subject(subscription), None);
    }
}
