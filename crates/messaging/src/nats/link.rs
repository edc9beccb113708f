use std::{fmt, sync::Arc, time::Duration};

use async_nats::{
    Client, ConnectErrorKind, ConnectOptions, Event, Message, Request, ServerAddr,
    client::RequestErrorKind,
    connection::State,
    jetstream::{self, Context, response::Response},
};
use percent_encoding::percent_decode_str;
use seaworthy_core::{Backoff, Timeout};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::watch;

use crate::{MessagingConfig, transport::TransportError};

/// Where JetStream is asked.
const API: &str = "$JS.API";
/// A server that restarts is back within seconds.
const RECONNECT_INITIAL: Timeout = Timeout::from_millis(50);
/// A knock in a second hurts nobody.
const RECONNECT_CAP: Timeout = Timeout::from_secs(1);
/// Beyond this many attempts the pause is as long as it gets.
const MOST_COUNTED_ATTEMPTS: usize = 32;
/// Two that stay without an answer tell of a dead peer; below the minute after which most middle boxes forget a silent connection.
const PING_INTERVAL: Duration = Duration::from_secs(10);

/// The connection. The client makes it again when it is lost; who was in the middle of something is told.
#[derive(Clone)]
pub(super) struct Link {
    pub(super) client: Client,
    timeout: Duration,
    losses: watch::Receiver<u64>,
}

/// JetStream did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub(super) enum AskError {
    /// It answered with an error.
    #[error("{0}")]
    Told(jetstream::Error),
    /// It did not answer.
    #[error("{0}")]
    Silent(String),
}

impl AskError {
    /// Whether the stream, the consumer or the message is not there.
    pub(super) fn is_missing(&self) -> bool {
        matches!(self, Self::Told(error) if error.code() == 404)
    }
}

impl From<AskError> for TransportError {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Told(error) if error.code() < 500 => {
                Self::refused(format!("JetStream refuses: {error}"))
            }
            error => Self::unavailable(error),
        }
    }
}

impl Link {
    pub(super) async fn open(config: &MessagingConfig, name: &str) -> Result<Self, TransportError> {
        let (told, losses) = watch::channel(0_u64);
        let told = Arc::new(told);
        let nats = &config.nats;
        let password = config
            .password
            .as_ref()
            .map(|password| password.expose().as_str());
        let url = config.url.with_credentials(None);
        let mut url = url.ok_or_else(|| TransportError::refused("the URL cannot be used"))?;
        let user = decoded(url.username());
        let password = match password {
            Some(password) if url.password().is_none() => Some(password.to_owned()),
            _ => url.password().and_then(decoded),
        };
        // What is left of the URL is shown in errors of the client.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        let backoff = Backoff::new(RECONNECT_INITIAL, RECONNECT_CAP);
        let mut options = ConnectOptions::new()
            .name(name)
            .connection_timeout(nats.connect_timeout.get())
            .request_timeout(Some(nats.timeout.get()))
            .ping_interval(PING_INTERVAL)
            .require_tls(url.scheme() == "tls")
            .reconnect_delay_callback(move |attempts| {
                let attempts = attempts.min(MOST_COUNTED_ATTEMPTS);
                backoff.delay(u32::try_from(attempts).unwrap_or(u32::MAX))
            })
            .event_callback(move |event| {
                let told = Arc::clone(&told);
                async move { note(&told, &event) }
            });
        options = match (user, password) {
            (Some(user), Some(password)) => options.user_and_password(user, password),
            // A server with tokens has no users.
            (Some(token), None) | (None, Some(token)) => options.token(token),
            (None, None) => options,
        };
        if let Some(file) = &nats.certificate_authorities {
            options = options.add_root_certificates(file.clone());
        }
        let address = ServerAddr::from_url(url).map_err(TransportError::refused)?;
        let client = options
            .connect(address)
            .await
            .map_err(|error| match error.kind() {
                ConnectErrorKind::ServerParse
                | ConnectErrorKind::Authentication
                | ConnectErrorKind::AuthorizationViolation => TransportError::refused(error),
                _ => TransportError::unavailable(error),
            })?;
        Ok(Self {
            client,
            timeout: nats.timeout.get(),
            losses,
        })
    }

    /// That there is a connection now.
    pub(super) fn is_up(&self) -> Result<(), TransportError> {
        if self.client.connection_state() == State::Connected {
            return Ok(());
        }
        Err(lost())
    }

    /// Something that tells when the connection is lost that is there now.
    pub(super) fn connection(&self) -> Connection {
        let mut losses = self.losses.clone();
        losses.mark_unchanged();
        Connection(losses)
    }

    /// What JetStream is published to with acknowledgements that may take this long.
    pub(super) fn publishing(&self, timeout: Duration) -> Context {
        let mut context = jetstream::new(self.client.clone());
        context.set_timeout(timeout);
        context
    }

    /// Asks JetStream for something.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        what: &str,
        body: &Value,
    ) -> Result<T, AskError> {
        let answer = self.request(format!("{API}.{what}"), body).await?;
        let answer = serde_json::from_slice(&answer.payload);
        match answer.map_err(|error| AskError::Silent(format!("{what}: {error}")))? {
            Response::Ok(answer) => Ok(answer),
            Response::Err { error } => Err(AskError::Told(error)),
        }
    }

    /// A message of a stream, found by what the `body` says; none where there is none.
    pub(super) async fn find(
        &self,
        stream: &str,
        body: &Value,
    ) -> Result<Option<Message>, AskError> {
        let subject = format!("{API}.DIRECT.GET.{stream}");
        let message = self.request(subject, body).await?;
        match message.status.map(|status| status.as_u16()) {
            None | Some(200) => Ok(Some(message)),
            Some(404) => Ok(None),
            Some(status) => {
                let told = message.description.unwrap_or_default();
                Err(AskError::Silent(format!("{stream}: {status} {told}")))
            }
        }
    }

    /// Sends and waits for the answer.
    pub(super) async fn request(&self, subject: String, body: &Value) -> Result<Message, AskError> {
        let payload = match body {
            Value::String(text) => text.clone().into_bytes(),
            Value::Null => Vec::new(),
            body => body.to_string().into_bytes(),
        };
        if let Err(error) = self.is_up() {
            return Err(AskError::Silent(error.to_string()));
        }
        let mut connection = self.connection();
        let request = Request::new()
            .payload(payload.into())
            .timeout(Some(self.timeout));
        let answer = tokio::select! {
            answer = self.client.send_request(subject, request) => answer,
            () = connection.is_lost() => return Err(AskError::Silent("the connection was lost".to_owned())),
        };
        answer.map_err(|error| match error.kind() {
            RequestErrorKind::NoResponders => {
                AskError::Silent("JetStream is not enabled, or the stream is not there".to_owned())
            }
            _ => AskError::Silent(error.to_string()),
        })
    }

    /// Sends without waiting for anything.
    pub(super) async fn tell(
        &self,
        subject: async_nats::Subject,
        word: &'static str,
    ) -> Result<(), TransportError> {
        self.is_up()?;
        let sent = self.client.publish(subject, word.into()).await;
        sent.map_err(TransportError::unavailable)
    }
}

/// A connection as long as it lasts.
pub(super) struct Connection(watch::Receiver<u64>);

impl Connection {
    /// Completes when it is lost.
    pub(super) async fn is_lost(&mut self) {
        // The sender lives in the client; when that is gone, so is the connection.
        let _ = self.0.changed().await;
    }
}

pub(super) fn lost() -> TransportError {
    TransportError::unavailable("the connection is lost")
}

fn note(losses: &watch::Sender<u64>, event: &Event) {
    match event {
        Event::Disconnected | Event::Closed => losses.send_modify(|count| *count += 1),
        _ => {}
    }
    tracing::debug!(%event, "the connection to NATS");
}

fn decoded(text: &str) -> Option<String> {
    let text = percent_decode_str(text).decode_utf8().ok()?;
    (!text.is_empty()).then(|| text.into_owned())
}

impl fmt::Debug for Link {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Link")
            .field("state", &self.client.connection_state())
            .finish_non_exhaustive()
    }
}
