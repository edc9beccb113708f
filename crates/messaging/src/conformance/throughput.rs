#![expect(clippy::print_stdout, reason = "a measurement prints its result")]

use tokio::time::Instant;

use super::{
    Harness, group,
    node::Node,
    record::{Record, message},
    topic,
};
use crate::Publisher;

/// The number of messages of one measurement.
const MESSAGES: usize = 2_000;
/// The number of messages of a batch, as in a relay by default.
const BATCH: usize = 500;

/// Publishes batches as a relay does, with one key and with a key per message. Prints the confirmed
/// messages per second of both.
pub async fn measure_one_key_and_many_keys(harness: &dyn Harness) {
    let (node, topic, record) = (Node::start(harness).await, topic(), Record::new());
    node.subscribe(record.subscription(&group(), &[&topic]))
        .await;
    let publisher = node.publisher(&[&topic]).await;
    let measure = async |publisher: &Publisher, key: &dyn Fn(usize) -> String| {
        let all: Vec<_> = (0..MESSAGES)
            .map(|number| {
                let message = message(&topic, &number.to_string()).key(&key(number));
                publisher.prepare(message).unwrap()
            })
            .collect();
        let begun = Instant::now();
        for batch in all.chunks(BATCH) {
            let mut pending = batch.to_vec();
            while !pending.is_empty() {
                let answers = publisher.publish_all(pending.clone()).await;
                let failed = pending.into_iter().zip(answers);
                let failed = failed.filter(|(_, answer)| answer.is_err());
                pending = failed.map(|(envelope, _)| envelope).collect();
            }
        }
        MESSAGES as f64 / begun.elapsed().as_secs_f64()
    };
    let one = measure(&publisher, &|_| "key".to_owned()).await;
    let many = measure(&publisher, &|number| number.to_string()).await;
    let system = node.transport.system();
    println!("{system}: {one:.0} messages/s of one key, {many:.0} of many keys");
    node.stop().await;
}
