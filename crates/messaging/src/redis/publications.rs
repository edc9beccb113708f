use std::collections::BTreeSet;

use bytes::Bytes;
use parking_lot::RwLock;
use seaworthy_redis::Redis;

use super::{failure, keys::Keys, scripts, wire};
use crate::{
    DeadLetterId, Envelope, PublishError, Topic,
    transport::{KeyOrder, TopicPlan},
};

/// Maximum messages of a script. Redis is blocked while a script stores them.
const MAX_MESSAGES: usize = 100;
/// Maximum size of a script's messages in bytes: a second in a slow network. One may be larger.
const MAX_BYTES: usize = 1024 * 1024;

/// Publishes batches in order.
#[derive(Debug)]
pub(super) struct Publications {
    /// Topics that may have no subscriber.
    optional: RwLock<BTreeSet<Topic>>,
    max_length: String,
}

impl Publications {
    pub(super) fn new(max_length: Option<u64>) -> Self {
        Self {
            optional: RwLock::default(),
            max_length: max_length
                .map(|length| length.to_string())
                .unwrap_or_default(),
        }
    }

    pub(super) fn declare(&self, topics: Vec<TopicPlan>) {
        let optional = topics.into_iter().filter(|plan| plan.allows_unroutable);
        self.optional
            .write()
            .extend(optional.map(|plan| plan.topic));
    }

    pub(super) async fn publish(
        &self,
        redis: &Redis,
        keys: &Keys,
        batch: Vec<Envelope>,
    ) -> Vec<Result<(), PublishError>> {
        let mut answers = Vec::with_capacity(batch.len());
        let mut order = KeyOrder::default();
        let mut rest = batch.as_slice();
        while !rest.is_empty() {
            let (now, later) = rest.split_at(fitting(rest));
            rest = later;
            let admitted: Vec<_> = now.iter().map(|envelope| order.admit(envelope)).collect();
            let sent = now.iter().zip(&admitted);
            let sent: Vec<&Envelope> = sent
                .filter(|(_, admitted)| admitted.is_ok())
                .map(|(envelope, _)| envelope)
                .collect();
            let mut results = self.publish_script(redis, keys, &sent).await.into_iter();
            for (envelope, admitted) in now.iter().zip(admitted) {
                let answer = admitted.and_then(|()| results.next().unwrap_or_else(unconfirmed));
                order.record(envelope.key(), &answer);
                answers.push(answer);
            }
        }
        answers
    }

    async fn publish_script(
        &self,
        redis: &Redis,
        keys: &Keys,
        envelopes: &[&Envelope],
    ) -> Vec<Result<(), PublishError>> {
        if envelopes.is_empty() {
            return Vec::new();
        }
        let (mut names, mut arguments) = (Vec::new(), Vec::new());
        for envelope in envelopes {
            let topic = envelope.topic();
            let kind = self.kind(topic);
            let limit = if kind == "dead" { "" } else { &self.max_length };
            let fields = wire::fields(envelope);
            names.extend([keys.stream(topic.as_str()), keys.index(topic)]);
            arguments.extend([
                Bytes::from_static(kind.as_bytes()),
                Bytes::copy_from_slice(limit.as_bytes()),
                Bytes::copy_from_slice(DeadLetterId::of(envelope).as_str().as_bytes()),
                recipient(envelope),
                Bytes::from(key_mark(envelope)),
                Bytes::from(fields.len().to_string()),
            ]);
            arguments.extend(fields);
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let arguments: Vec<&[u8]> = arguments.iter().map(|argument| &argument[..]).collect();
        let answers: Result<Vec<String>, _> =
            redis.invoke(&scripts::PUBLISH, &names, &arguments).await;
        match answers.map_err(failure::transport_error) {
            Ok(answers) => envelopes
                .iter()
                .zip(answers.iter().map(String::as_str))
                .map(|(envelope, answer)| match answer {
                    "" => Ok(()),
                    "unroutable" => Err(PublishError::Unroutable {
                        topic: envelope.topic().clone(),
                    }),
                    "deferred" => Err(PublishError::Deferred),
                    error => Err(failure::publish_error(error)),
                })
                .collect(),
            Err(error) => {
                let text = error_text(&error);
                let failed = || Err(PublishError::unavailable(text.clone()));
                envelopes.iter().map(|_| failed()).collect()
            }
        }
    }

    fn kind(&self, topic: &Topic) -> &'static str {
        if topic.is_dead_letters() {
            return "dead";
        }
        if self.optional.read().contains(topic) {
            return "optional";
        }
        "required"
    }
}

/// The name of the only group that receives the message, or an empty name.
fn recipient(envelope: &Envelope) -> Bytes {
    let group = envelope.recipient().map(|group| group.as_str().to_owned());
    Bytes::from(group.unwrap_or_default())
}

/// Distinguishes a missing key from an empty key.
fn key_mark(envelope: &Envelope) -> String {
    envelope
        .key()
        .map_or_else(String::new, |key| format!("={key}"))
}

fn unconfirmed() -> Result<(), PublishError> {
    Err(PublishError::unavailable(
        "Redis sent no confirmation for this message",
    ))
}

fn error_text(error: &(dyn std::error::Error + 'static)) -> String {
    error
        .source()
        .map_or_else(|| error.to_string(), ToString::to_string)
}

/// Returns how many messages fit into one script, at least one.
fn fitting(envelopes: &[Envelope]) -> usize {
    let mut bytes = 0;
    let fit = envelopes.iter().take(MAX_MESSAGES).take_while(|envelope| {
        bytes += envelope.size();
        bytes <= MAX_BYTES
    });
    fit.count().max(1)
}
