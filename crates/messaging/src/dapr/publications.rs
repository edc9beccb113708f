use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use futures::future::join_all;
use tonic::{Code, Status};

use super::{
    api::{Api, BulkEntry, BulkRequest, PublishRequest},
    wire,
};
use crate::{Envelope, PublishError, Topic};

/// Maximum messages of a bulk request. Dapr publishes this many at the same time.
const MAX_MESSAGES: usize = 100;
/// Maximum size of a bulk request in bytes, below Dapr's limit of 4 MiB. One message may be larger.
const MAX_BYTES: usize = 2 * 1024 * 1024;
/// The metadata by which components such as Kafka keep the messages of a key together.
const PARTITION_KEY: &str = "partitionKey";

/// A message of a batch.
#[derive(Clone)]
struct Publication {
    /// The position in the batch.
    index: usize,
    event: Bytes,
    metadata: HashMap<String, String>,
}

/// Publishes a batch, which has at most one message of a key.
pub(super) async fn publish(
    api: &Api,
    component: &str,
    batch: Vec<Envelope>,
) -> Vec<Result<(), PublishError>> {
    let mut answers: Vec<Result<(), PublishError>> = Vec::with_capacity(batch.len());
    let mut by_topic: BTreeMap<Topic, Vec<Publication>> = BTreeMap::new();
    for (index, envelope) in batch.iter().enumerate() {
        let event = wire::event(envelope);
        answers.push(event.map(|event| {
            let key = envelope.key();
            let metadata = key.map(|key| (PARTITION_KEY.to_owned(), key.to_owned()));
            let of_topic = by_topic.entry(envelope.topic().clone()).or_default();
            of_topic.push(Publication {
                index,
                event,
                metadata: metadata.into_iter().collect(),
            });
        }));
    }
    let topics = by_topic.into_iter().map(async |(topic, publications)| {
        let mut all = Vec::with_capacity(publications.len());
        let mut rest = publications.as_slice();
        while !rest.is_empty() {
            let (now, later) = rest.split_at(fitting(rest));
            rest = later;
            all.extend(publish_together(api, component, &topic, now).await);
        }
        all
    });
    for (index, answer) in join_all(topics).await.into_iter().flatten() {
        if let Some(slot) = answers.get_mut(index) {
            *slot = answer;
        }
    }
    answers
}

async fn publish_together(
    api: &Api,
    component: &str,
    topic: &Topic,
    publications: &[Publication],
) -> Vec<(usize, Result<(), PublishError>)> {
    if publications.len() > 1 {
        let entries = publications.iter().map(|publication| BulkEntry {
            id: publication.index.to_string(),
            data: publication.event.clone(),
            content_type: wire::CONTENT_TYPE.to_owned(),
            metadata: publication.metadata.clone(),
        });
        let request = BulkRequest {
            component: component.to_owned(),
            topic: topic.to_string(),
            entries: entries.collect(),
        };
        match api.publish_bulk(request).await {
            Ok(answer) => {
                let mut errors: HashMap<String, String> = answer
                    .failed
                    .into_iter()
                    .map(|entry| (entry.id, entry.error))
                    .collect();
                let answers = publications.iter().map(|publication| {
                    let error = errors.remove(&publication.index.to_string());
                    let answer =
                        error.map_or(Ok(()), |error| Err(PublishError::unavailable(error)));
                    (publication.index, answer)
                });
                return answers.collect();
            }
            Err(status) if is_of_connection(&status) => {
                let failed = publications.iter();
                return failed
                    .map(|publication| (publication.index, Err(publish_error(&status))))
                    .collect();
            }
            // Dapr does not report which messages failed. The successful ones are published twice.
            Err(_some_failed) => {}
        }
    }
    join_all(publications.iter().map(async |publication| {
        let request = PublishRequest {
            component: component.to_owned(),
            topic: topic.to_string(),
            data: publication.event.clone(),
            content_type: wire::CONTENT_TYPE.to_owned(),
            metadata: publication.metadata.clone(),
        };
        let answer = api.publish(request).await;
        (
            publication.index,
            answer.map_err(|status| publish_error(&status)),
        )
    }))
    .await
}

/// Whether a failure concerns all messages of a request.
fn is_of_connection(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled
    )
}

/// Dapr uses `InvalidArgument` and `NotFound` also while it loads a component.
pub(super) fn publish_error(status: &Status) -> PublishError {
    let text = format!(
        "Dapr responded with {:?}: {}",
        status.code(),
        status.message()
    );
    match status.code() {
        // The message exceeds `--max-body-size`.
        Code::ResourceExhausted | Code::PermissionDenied => PublishError::permanent(text),
        _ => PublishError::unavailable(text),
    }
}

/// Returns how many messages fit into one request, at least one.
fn fitting(publications: &[Publication]) -> usize {
    let mut bytes = 0;
    let fit = publications
        .iter()
        .take(MAX_MESSAGES)
        .take_while(|publication| {
            bytes += publication.event.len();
            bytes <= MAX_BYTES
        });
    fit.count().max(1)
}
