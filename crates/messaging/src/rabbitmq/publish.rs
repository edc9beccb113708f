//! Sends messages and assigns the replies of the broker to them.
//!
//! The broker reports some rejections by closing the channel, and the client then fails every
//! message of the channel that waits for its confirm. Such a failure does not identify the rejected
//! message. So the messages of a rejected batch are sent one at a time until the broker rejects
//! one.

use std::{collections::HashMap, pin::Pin};

use futures::{
    future::{MaybeDone, join_all, maybe_done},
    poll,
};
use lapin::{
    Channel, Confirmation, ErrorKind, PublisherConfirm,
    message::BasicReturnMessage,
    options::BasicPublishOptions,
    protocol::{AMQPErrorKind, AMQPSoftError},
};

use super::{
    Inner,
    channels::PublishChannel,
    connection::BrokerConnection,
    failure::{cause_text, transport_error},
    topology, wire,
};
use crate::{Envelope, PublishError, transport::TransportError};

/// The number of bytes that the client copies before they are written to the socket.
const MAX_UNWRITTEN: usize = 256 * 1024;

/// The result of a message.
type PublishResult = Result<(), PublishError>;

/// A message without a final reply, and where the reply is stored.
type Open<'a> = (&'a Envelope, &'a mut PublishResult);

/// The broker's reply to one message.
enum Outcome {
    /// The broker replied for this message.
    Replied(PublishResult),
    /// The channel failed while the message waited for its confirm.
    ChannelFailed(lapin::Error),
}

/// The meaning of a channel error for the messages that were sent on the channel.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rejection {
    /// The broker rejects one of the messages permanently.
    Message,
    /// The exchange does not exist.
    Exchange,
}

/// Identifies a returned message: exchange, routing key and message ID.
type ReturnKey = (String, String, String);

impl Inner {
    /// Sends all messages and returns a reply for each, in their order.
    pub(super) async fn send(
        &self,
        connection: &BrokerConnection,
        mut channel: PublishChannel,
        batch: &[Envelope],
    ) -> Vec<PublishResult> {
        let mut results: Vec<PublishResult> = batch.iter().map(|_| Err(not_sent())).collect();
        let open = batch.iter().zip(&mut results).collect();
        if let Err(error) = self.send_open(connection, &mut channel, open).await {
            let problem = cause_text(&error);
            tracing::warn!(problem, "publishing a batch was interrupted");
        }
        channel.release();
        results
    }

    /// Sends the messages of [`super::RejectedPublishes`] one at a time, and the others together.
    async fn send_open<'a>(
        &self,
        connection: &BrokerConnection,
        channel: &mut PublishChannel,
        open: Vec<Open<'a>>,
    ) -> Result<(), TransportError> {
        let (mut separate, mut others): (Vec<Open<'a>>, Vec<Open<'a>>) = open
            .into_iter()
            .partition(|(envelope, _)| self.rejected_publishes.contains(envelope.id()));
        loop {
            let cleared = self.send_separately(connection, channel, separate).await?;
            others.extend(cleared);
            if others.is_empty() {
                return Ok(());
            }
            let messages: Vec<&Envelope> = others.iter().map(|(envelope, _)| *envelope).collect();
            let sent = self
                .send_on(channel.connected(connection).await?, &messages)
                .await;
            let (mut failed, mut rejections) = (Vec::new(), Vec::new());
            for ((envelope, result), outcome) in others.into_iter().zip(sent) {
                match outcome {
                    Outcome::Replied(known) => *result = known,
                    Outcome::ChannelFailed(error) => {
                        rejections.extend(rejection(&error));
                        *result = Err(PublishError::unavailable(error));
                        failed.push((envelope, result));
                    }
                }
            }
            if rejections.contains(&Rejection::Exchange) {
                self.declare_exchanges(connection, channel).await?;
            }
            if !rejections.contains(&Rejection::Message) {
                return Ok(());
            }
            for (envelope, _) in &failed {
                self.rejected_publishes.insert(envelope.id());
            }
            (separate, others) = (failed, Vec::new());
        }
    }

    /// Sends messages one at a time until the broker rejects one. Returns the others, which can be
    /// sent together: one rejected message closes the channel of a whole batch.
    async fn send_separately<'a>(
        &self,
        connection: &BrokerConnection,
        channel: &mut PublishChannel,
        separate: Vec<Open<'a>>,
    ) -> Result<Vec<Open<'a>>, TransportError> {
        let mut separate = separate.into_iter();
        for (envelope, result) in separate.by_ref() {
            let message = [envelope];
            let sent = self.send_on(channel.connected(connection).await?, &message);
            let error = match sent.await.pop() {
                Some(Outcome::ChannelFailed(error)) => error,
                Some(Outcome::Replied(known)) => {
                    self.rejected_publishes.remove(envelope.id());
                    *result = known;
                    continue;
                }
                None => continue,
            };
            match rejection(&error) {
                Some(Rejection::Message) => {
                    self.rejected_publishes.remove(envelope.id());
                    *result = Err(PublishError::permanent(error));
                    break;
                }
                Some(Rejection::Exchange) => {
                    *result = Err(PublishError::unavailable(error));
                    self.declare_exchanges(connection, channel).await?;
                }
                None => return Err(transport_error(error)),
            }
        }
        let cleared: Vec<Open<'a>> = separate.collect();
        for (envelope, _) in &cleared {
            self.rejected_publishes.remove(envelope.id());
        }
        Ok(cleared)
    }

    /// Declares lost exchanges. They lost their bindings, too.
    async fn declare_exchanges(
        &self,
        connection: &BrokerConnection,
        channel: &mut PublishChannel,
    ) -> Result<(), TransportError> {
        topology::exchanges(channel.connected(connection).await?, &self.config).await?;
        connection.bound.lock().clear();
        Ok(())
    }

    /// Sends all messages before it waits for the first confirm.
    async fn send_on(&self, channel: &Channel, batch: &[&Envelope]) -> Vec<Outcome> {
        let mut sent = Vec::with_capacity(batch.len());
        let mut writing = Vec::new();
        let mut bytes = 0;
        for envelope in batch {
            let target = self.target(envelope);
            let options = BasicPublishOptions {
                mandatory: target.mandatory,
                ..BasicPublishOptions::default()
            };
            let publish = channel.basic_publish(
                target.exchange.into(),
                target.routing_key.into(),
                options,
                envelope.payload(),
                wire::properties(envelope, &self.config.headers),
            );
            // The first poll passes the message to the thread that writes to the socket. The
            // future ends after the message is written. To wait for each would cost two changes
            // of thread and one system call per message.
            let mut publish = Box::pin(maybe_done(publish));
            let _ = poll!(publish.as_mut());
            writing.push(publish);
            bytes += envelope.size();
            if bytes >= MAX_UNWRITTEN {
                written(&mut writing, &mut sent).await;
                bytes = 0;
            }
        }
        written(&mut writing, &mut sent).await;
        let confirms = sent.into_iter().map(|sent| async { sent?.await });
        self.outcomes(join_all(confirms).await, batch)
    }

    /// Assigns confirms and returned messages to the messages of a batch.
    ///
    /// A confirm may carry the return of another message of the batch. After the last confirm, the
    /// confirms together carry all returns. If the channel failed before, a return may be missing,
    /// and a confirm with the return of another message proves nothing about its own.
    fn outcomes(
        &self,
        confirms: Vec<Result<Confirmation, lapin::Error>>,
        batch: &[&Envelope],
    ) -> Vec<Outcome> {
        let is_complete = confirms.iter().all(Result::is_ok);
        let mut returned: HashMap<ReturnKey, usize> = HashMap::new();
        for message in confirms.iter().flatten().filter_map(return_of) {
            *returned.entry(return_key(message)).or_default() += 1;
        }
        confirms
            .into_iter()
            .zip(batch)
            .map(|(confirm, envelope)| {
                let confirm = match confirm {
                    Ok(confirm) => confirm,
                    Err(error) => return Outcome::ChannelFailed(error),
                };
                let topic = || envelope.topic().clone();
                let target = self.target(envelope);
                let key = (
                    target.exchange.to_owned(),
                    target.routing_key.to_owned(),
                    envelope.id().as_str().to_owned(),
                );
                if let Some(count) = returned.get_mut(&key).filter(|count| **count > 0) {
                    *count -= 1;
                    return Outcome::Replied(Err(PublishError::Unroutable { topic: topic() }));
                }
                if !is_complete && return_of(&confirm).is_some() {
                    return Outcome::Replied(Err(PublishError::unavailable(
                        "the channel failed before the broker's response was complete",
                    )));
                }
                Outcome::Replied(match confirm {
                    Confirmation::Ack(_) => Ok(()),
                    Confirmation::Nack(_) => Err(PublishError::QueueFull { topic: topic() }),
                    Confirmation::NotRequested => Err(PublishError::unavailable(
                        "the broker does not send publisher confirms",
                    )),
                })
            })
            .collect()
    }
}

/// Waits until all messages are written. Appends their confirms, in order.
async fn written<F: Future<Output = lapin::Result<PublisherConfirm>>>(
    writing: &mut Vec<Pin<Box<MaybeDone<F>>>>,
    sent: &mut Vec<lapin::Result<PublisherConfirm>>,
) {
    for mut publish in writing.drain(..) {
        publish.as_mut().await;
        sent.extend(publish.as_mut().take_output());
    }
}

fn return_of(confirm: &Confirmation) -> Option<&BasicReturnMessage> {
    match confirm {
        Confirmation::Ack(message) | Confirmation::Nack(message) => message.as_ref(),
        Confirmation::NotRequested => None,
    }
}

fn return_key(message: &BasicReturnMessage) -> ReturnKey {
    let id = message.properties.message_id();
    (
        message.exchange.to_string(),
        message.routing_key.to_string(),
        id.as_ref().map(ToString::to_string).unwrap_or_default(),
    )
}

fn rejection(error: &lapin::Error) -> Option<Rejection> {
    let ErrorKind::ProtocolError(protocol) = error.kind() else {
        return None;
    };
    match protocol.kind() {
        AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED | AMQPSoftError::PRECONDITIONFAILED) => {
            Some(Rejection::Message)
        }
        AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND) => Some(Rejection::Exchange),
        AMQPErrorKind::Soft(_) | AMQPErrorKind::Hard(_) => None,
    }
}

fn not_sent() -> PublishError {
    PublishError::unavailable("the channel failed before the message was sent")
}
