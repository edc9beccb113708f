//! Sends messages and reads what the broker answers for each of them.
//!
//! The broker answers some refusals by closing the channel, and the client then fails every message
//! of the channel that waits for its confirmation. Such a failure says nothing about the single
//! message, so the messages are sent once more, one after another, until the refused one is known.

use futures::future::join_all;
use lapin::{
    Channel, Confirmation, ErrorKind,
    options::{BasicPublishOptions, ConfirmSelectOptions},
    protocol::{AMQPErrorKind, AMQPSoftError},
};

use super::{
    Inner,
    connection::{self, Link},
    wire,
};
use crate::{Envelope, PublishError, transport::TransportError};

/// The answer for one message.
enum Answer {
    /// The broker answered for this message.
    Known(Result<(), PublishError>),
    /// The channel failed while the message waited for its confirmation.
    ChannelFailed(lapin::Error),
}

/// What an error of a channel says about the only message that was sent on it.
enum Refusal {
    /// The broker refuses the message for good.
    Message,
    /// The exchange does not exist: reconnecting declares it.
    Exchange,
}

impl Inner {
    /// Sends all messages and returns an answer for each, in their order.
    pub(super) async fn send(
        &self,
        link: &Link,
        batch: &[Envelope],
    ) -> Vec<Result<(), PublishError>> {
        let mut answers: Vec<_> = batch.iter().map(|_| Err(unanswered())).collect();
        let mut open: Vec<_> = batch.iter().zip(&mut answers).collect();
        let mut channel = link.channel.clone();
        while !open.is_empty() {
            let messages: Vec<&Envelope> = open.iter().map(|(envelope, _)| *envelope).collect();
            let sent = self.send_on(&channel, &messages).await;
            let (mut left, mut is_refused) = (Vec::new(), false);
            for ((envelope, place), answer) in open.into_iter().zip(sent) {
                match answer {
                    Answer::Known(answer) => *place = answer,
                    Answer::ChannelFailed(error) => {
                        is_refused |= refusal(&error).is_some();
                        *place = Err(PublishError::unavailable(error));
                        left.push((envelope, place));
                    }
                }
            }
            if !is_refused {
                break;
            }
            let fresh = match confirming(link).await {
                Ok(fresh) => fresh,
                Err(error) => {
                    let problem = connection::explain(&error);
                    tracing::warn!(problem, "a channel for a refused batch failed");
                    break;
                }
            };
            // One after another up to the refused message, and then the rest at once.
            let mut rest = left.into_iter();
            for (envelope, place) in rest.by_ref() {
                match self.send_on(&fresh, &[envelope]).await.pop() {
                    Some(Answer::Known(answer)) => *place = answer,
                    Some(Answer::ChannelFailed(error)) => {
                        let is_message = matches!(refusal(&error), Some(Refusal::Message));
                        if !is_message {
                            *place = Err(PublishError::unavailable(error));
                            return answers;
                        }
                        *place = Err(PublishError::permanent(error));
                        break;
                    }
                    None => {}
                }
            }
            open = rest.collect();
            channel = if fresh.status().connected() {
                fresh
            } else {
                match confirming(link).await {
                    Ok(channel) => channel,
                    Err(_) => break,
                }
            };
        }
        answers
    }

    /// Sends all before it waits for the first confirmation.
    async fn send_on(&self, channel: &Channel, batch: &[&Envelope]) -> Vec<Answer> {
        let mut sent = Vec::with_capacity(batch.len());
        for envelope in batch {
            let target = self.target(envelope);
            let options = BasicPublishOptions {
                mandatory: target.mandatory,
                ..BasicPublishOptions::default()
            };
            let confirm = channel
                .basic_publish(
                    target.exchange.into(),
                    target.routing_key.into(),
                    options,
                    envelope.payload(),
                    wire::properties(envelope, &self.config.headers),
                )
                .await;
            sent.push(confirm);
        }
        let confirmed = sent.into_iter().map(|sent| async { sent?.await });
        let confirmed = join_all(confirmed).await.into_iter().zip(batch);
        confirmed
            .map(|(confirmed, envelope)| answer(confirmed, envelope))
            .collect()
    }
}

fn answer(confirmed: Result<Confirmation, lapin::Error>, envelope: &Envelope) -> Answer {
    Answer::Known(match confirmed {
        Ok(Confirmation::Ack(None)) => Ok(()),
        Ok(Confirmation::Ack(Some(_)) | Confirmation::Nack(Some(_))) => {
            Err(PublishError::Unroutable {
                topic: envelope.topic().clone(),
            })
        }
        Ok(Confirmation::Nack(None)) => Err(PublishError::unavailable(
            "the broker refused it: a queue is full",
        )),
        Ok(Confirmation::NotRequested) => {
            Err(PublishError::unavailable("the broker confirms nothing"))
        }
        Err(error) => return Answer::ChannelFailed(error),
    })
}

/// A new channel of the connection that confirms what is published.
async fn confirming(link: &Link) -> Result<Channel, TransportError> {
    let channel = link.new_channel().await?;
    let select = channel.confirm_select(ConfirmSelectOptions::default());
    select.await.map_err(connection::failure)?;
    Ok(channel)
}

fn refusal(error: &lapin::Error) -> Option<Refusal> {
    let ErrorKind::ProtocolError(protocol) = error.kind() else {
        return None;
    };
    match protocol.kind() {
        AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED | AMQPSoftError::PRECONDITIONFAILED) => {
            Some(Refusal::Message)
        }
        AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND) => Some(Refusal::Exchange),
        AMQPErrorKind::Soft(_) | AMQPErrorKind::Hard(_) => None,
    }
}

fn unanswered() -> PublishError {
    PublishError::unavailable("the channel failed before the message was sent")
}
