use std::{sync::Arc, time::Duration};

use async_nats::Message;
use futures::StreamExt as _;
use serde_json::json;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::{self, Instant},
};
use tokio_util::sync::CancellationToken;

use super::link::{Link, lost};
use crate::transport::TransportError;

/// How long the server keeps a request for which it has nothing. A stop waits as long: what the server sends for a request that was withdrawn would be missing until the lease ends.
const ASKED_FOR: Duration = Duration::from_millis(500);
/// A server that is alive has said by then that a request has ended; a lost connection is noticed by itself.
const PATIENCE: Duration = Duration::from_secs(5);
/// After a request ended in vain, before the next.
const PAUSE: Duration = Duration::from_millis(100);

/// What a session gets.
pub(super) enum Arrival {
    /// A message of the session's stream of this number, and the part of the prefetch that it takes.
    Message(usize, Box<Message>, OwnedSemaphorePermit),
    /// Nothing more.
    Ended(TransportError),
}

/// Asks for the messages of one stream, as many as there is room for.
pub(super) struct Pull {
    pub(super) link: Link,
    /// Which of the session's streams it is.
    pub(super) place: usize,
    pub(super) stream: String,
    pub(super) consumer: String,
    /// Room that the session's streams share.
    pub(super) room: Arc<Semaphore>,
    /// The most that is asked for at once.
    pub(super) share: usize,
    /// No more requests.
    pub(super) stop: CancellationToken,
    pub(super) to: mpsc::UnboundedSender<Arrival>,
}

/// How a request ended.
enum End {
    Answered,
    InVain,
}

impl Pull {
    pub(super) async fn run(self) {
        if let Err(error) = self.ask_until_stopped().await {
            // Nobody listens only when the session is over.
            let _ = self.to.send(Arrival::Ended(error));
        }
    }

    async fn ask_until_stopped(&self) -> Result<(), TransportError> {
        let mut connection = self.link.connection();
        let inbox = self.link.client.new_inbox();
        let subscribed = self.link.client.subscribe(inbox.clone()).await;
        let mut answers = subscribed.map_err(TransportError::unavailable)?;
        loop {
            let first = tokio::select! {
                biased;
                () = self.stop.cancelled() => return Ok(()),
                () = self.to.closed() => return Ok(()),
                () = connection.is_lost() => return Err(lost()),
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
                () = connection.is_lost() => return Err(lost()),
                // A session that was dropped: what comes now comes again after a lease.
                () = self.to.closed() => return Ok(()),
                end = self.ask(&inbox, &mut answers, permits) => end?,
            };
            if matches!(end, End::InVain) {
                time::sleep(PAUSE).await;
            }
        }
    }

    async fn ask(
        &self,
        inbox: &str,
        answers: &mut async_nats::Subscriber,
        mut permits: Vec<OwnedSemaphorePermit>,
    ) -> Result<End, TransportError> {
        let subject = format!(
            "$JS.API.CONSUMER.MSG.NEXT.{}.{}",
            self.stream, self.consumer
        );
        let expires = u64::try_from(ASKED_FOR.as_nanos()).unwrap_or(u64::MAX);
        let body = json!({"batch": permits.len(), "expires": expires}).to_string();
        let asked = self
            .link
            .client
            .publish_with_reply(subject, inbox.to_owned(), body.into());
        asked.await.map_err(TransportError::unavailable)?;
        let patience = ASKED_FOR + PATIENCE;
        let mut until = Instant::now() + patience;
        while let Some(permit) = permits.pop() {
            let Ok(answer) = time::timeout_at(until, answers.next()).await else {
                return Err(TransportError::unavailable("JetStream does not answer"));
            };
            let message = answer.ok_or_else(lost)?;
            match message.status.map_or(200, |status| status.as_u16()) {
                200 if message.reply.is_some() => {
                    until = Instant::now() + patience;
                    let arrival = Arrival::Message(self.place, Box::new(message), permit);
                    let _ = self.to.send(arrival);
                }
                100 | 200 => permits.push(permit),
                404 | 408 => return Ok(End::Answered),
                // Too many members ask, or a member whose server is about to stop.
                409 if !is_gone(&message) => return Ok(End::InVain),
                status => {
                    let told = message.description.unwrap_or_default();
                    let text = format!("no messages of the stream come: {status} {told}");
                    return Err(TransportError::unavailable(text));
                }
            }
        }
        Ok(End::Answered)
    }
}

fn is_gone(message: &Message) -> bool {
    let told = message.description.as_deref().unwrap_or_default();
    told.to_ascii_lowercase().contains("deleted")
}
