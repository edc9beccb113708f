use std::collections::HashMap;

use seaworthy_core::Timeout;
use tokio::time::{self, Instant};

use super::{super::Transport, KeyOrder};
use crate::{Envelope, PublishError};

/// A message and its index in the batch.
type Indexed = (usize, Envelope);

/// Publishes a batch within `timeout` and returns a result for each message, in the order given. No
/// message is stored after an earlier one of its key that was not.
///
/// An engine that keeps this order by itself receives the whole batch. The others receive rounds of
/// one message per key, each after the replies to the previous round. No round starts after half of
/// the time, so that a slow broker can confirm the last one. Remaining messages are
/// [`PublishError::Deferred`].
pub(crate) async fn publish_in_order(
    transport: &dyn Transport,
    batch: Vec<Envelope>,
    timeout: Timeout,
) -> Vec<Result<(), PublishError>> {
    let begun = Instant::now();
    let (last_start, deadline) = (begun + timeout.get() / 2, begun + timeout.get());
    let mut answers = Vec::with_capacity(batch.len());
    let mut order = KeyOrder::default();
    for (number, round) in rounds(batch, transport.keeps_key_order())
        .into_iter()
        .enumerate()
    {
        let is_late = number > 0 && Instant::now() >= last_start;
        let (mut indexes, mut keys, mut sent) = (Vec::new(), Vec::new(), Vec::new());
        for (index, envelope) in round {
            if is_late || order.admit(&envelope).is_err() {
                answers.push((index, Err(PublishError::Deferred)));
                continue;
            }
            indexes.push(index);
            keys.push(envelope.key().map(str::to_owned));
            sent.push(envelope);
        }
        if sent.is_empty() {
            continue;
        }
        let confirmed = time::timeout_at(deadline, transport.publish(sent)).await;
        let is_timeout = confirmed.is_err();
        let mut confirmed = confirmed.unwrap_or_default().into_iter();
        for (index, key) in indexes.into_iter().zip(keys) {
            let unconfirmed = || Err(unconfirmed(is_timeout, timeout));
            let answer = confirmed.next().unwrap_or_else(unconfirmed);
            order.record(key.as_deref(), &answer);
            answers.push((index, answer));
        }
    }
    answers.sort_unstable_by_key(|(index, _)| *index);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

/// Splits a batch: round n contains the n-th message of each key. The first round also contains the
/// messages without a key.
fn rounds(batch: Vec<Envelope>, is_whole: bool) -> Vec<Vec<Indexed>> {
    let indexed = batch.into_iter().enumerate();
    if is_whole {
        return vec![indexed.collect()];
    }
    let mut rounds: Vec<Vec<Indexed>> = Vec::new();
    let mut counts: HashMap<String, usize> = HashMap::new();
    for (index, envelope) in indexed {
        let number = envelope.key().map_or(0, |key| {
            let count = counts.entry(key.to_owned()).or_default();
            *count += 1;
            *count - 1
        });
        if rounds.len() <= number {
            rounds.resize_with(number + 1, Vec::new);
        }
        if let Some(round) = rounds.get_mut(number) {
            round.push((index, envelope));
        }
    }
    rounds
}

fn unconfirmed(is_timeout: bool, timeout: Timeout) -> PublishError {
    if is_timeout {
        let milliseconds = timeout.get().as_millis();
        return PublishError::unavailable(format!("no confirmation within {milliseconds} ms"));
    }
    PublishError::unavailable("the broker sent no confirmation for this message")
}
