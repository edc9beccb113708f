use std::{sync::Arc, time::Duration};

use async_nats::Message;
use futures::StreamExt as _;
use serde_json::json;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::{self, Instant},
};
use tokio_util::sync::CancellationToken;

use super::connection::{BrokerConnection, connection_lost_error};
use crate::transport::TransportError;

/// How long the server keeps a request without messages. A stop waits as long, because messages for
/// a cancelled request would be missing until their lease ends.
const REQUEST_EXPIRY: Duration = Duration::from_millis(500);
/// A running server has reported the end of a request by then. The client reports a lost
/// connection.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// The delay after a failed request.
const RETRY_BACKOFF: Duration = Duration::from_millis(100);

/// A message or the end of a session.
pub(super) enum Arrival {
    /// A message, the index of its stream, and its permit of the prefetch.
    Message(usize, Box<Message>, OwnedSemaphorePermit),
    /// The end of the session.
    Ended(TransportError),
}

/// Requests the messages of one stream within the prefetch.
pub(super) struct Pull {
    pub(super) connection: BrokerConnection,
    /// The index of the stream in the session.
    pub(super) stream_index: usize,
    pub(super) stream: String,
    pub(super) consumer: String,
    /// The prefetch, which all streams of the session share.
    pub(super) room: Arc<Semaphore>,
    /// The maximum of one request.
    pub(super) share: usize,
    /// Cancelled when the session stops.
    pub(super) stop: CancellationToken,
    pub(super) to: mpsc::UnboundedSender<Arrival>,
}

/// The end of a request.
enum End {
    Answered,
    Rejected,
}

impl Pull {
    pub(super) async fn run(self) {
        if let Err(error) = self.pull_until_stopped().await {
            // The receiver is dropped only after the end of the session.
            let _ = self.to.send(Arrival::Ended(error));
        }
    }

    async fn pull_until_stopped(&self) -> Result<(), TransportError> {
        let mut loss = self.connection.watch_loss();
        let inbox = self.connection.client.new_inbox();
        let subscribed = self.connection.client.subscribe(inbox.clone()).await;
        let mut answers = subscribed.map_err(TransportError::unavailable)?;
        loop {
            let first = tokio::select! {
                biased;
                () = self.stop.cancelled() => return Ok(()),
                () = self.to.closed() => return Ok(()),
                () = loss.wait() => return Err(connection_lost_error()),
                permit = Arc::clone(&self.room).acquire_owned() => permit,
            };
            let mut permits: Vec<_> = first.into_iter().collect();
            while permits.len() < self.share
                && let Ok(permit) = Arc::clone(&self.room).try_acquire_owned()
            {
                permits.push(permit);
            }
            let end = tokio::select! {
                biased;
                () = loss.wait() => return Err(connection_lost_error()),
                // The session was dropped. These messages are redelivered after their lease.
                () = self.to.closed() => return Ok(()),
                end = self.pull(&inbox, &mut answers, permits) => end?,
            };
            if matches!(end, End::Rejected) {
                time::sleep(RETRY_BACKOFF).await;
            }
        }
    }

    async fn pull(
        &self,
        inbox: &str,
        answers: &mut async_nats::Subscriber,
        mut permits: Vec<OwnedSemaphorePermit>,
    ) -> Result<End, TransportError> {
        let subject = format!(
            "$JS.API.CONSUMER.MSG.NEXT.{}.{}",
            self.stream, self.consumer
        );
        let expires = u64::try_from(REQUEST_EXPIRY.as_nanos()).unwrap_or(u64::MAX);
        let body = json!({"batch": permits.len(), "expires": expires}).to_string();
        let request =
            self.connection
                .client
                .publish_with_reply(subject, inbox.to_owned(), body.into());
        request.await.map_err(TransportError::unavailable)?;
        let timeout = REQUEST_EXPIRY + ANSWER_TIMEOUT;
        let mut until = Instant::now() + timeout;
        while let Some(permit) = permits.pop() {
            let Ok(answer) = time::timeout_at(until, answers.next()).await else {
                return Err(TransportError::unavailable("JetStream does not respond"));
            };
            let message = answer.ok_or_else(connection_lost_error)?;
            match message.status.map_or(200, |status| status.as_u16()) {
                200 if message.reply.is_some() => {
                    until = Instant::now() + timeout;
                    let arrival = Arrival::Message(self.stream_index, Box::new(message), permit);
                    let _ = self.to.send(arrival);
                }
                100 | 200 => permits.push(permit),
                404 | 408 => return Ok(End::Answered),
                // Too many requests, or a server that is about to stop.
                409 if !is_gone(&message) => return Ok(End::Rejected),
                status => {
                    let description = message.description.unwrap_or_default();
                    let text =
                        format!("the server ended a request for messages: {status} {description}");
                    return Err(TransportError::unavailable(text));
                }
            }
        }
        Ok(End::Answered)
    }
}

fn is_gone(message: &Message) -> bool {
    let description = message.description.as_deref().unwrap_or_default();
    description.to_ascii_lowercase().contains("deleted")
}
