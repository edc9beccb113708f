use std::{collections::BTreeSet, time::Duration};

use seaworthy_core::Timeout;
use tokio::time;

use super::{
    Harness, TIMEOUT, group,
    node::Node,
    record::{Record, message, numbers},
    topic,
};
use crate::PublishError;

/// The broker is killed after a third and after half of all messages. Confirmed messages arrive,
/// publishing continues, and readiness recovers.
pub async fn broker_restart_loses_nothing_msg_1(harness: &dyn Harness) {
    const ALL: usize = 3_000;
    let node = Node::start_with(harness, |config| {
        // For as long as a server takes to start on the slowest machine.
        config.publish_timeout = Timeout::from_secs(300);
    })
    .await;
    let (topic, record, group) = (topic(), Record::new(), group());
    node.subscribe(record.subscription(&group, &[&topic])).await;
    harness.wait_until_durable(&group).await;
    let publisher = node.publisher(&[&topic]).await;
    let all: Vec<String> = numbers(ALL).into_iter().collect();
    let publishing = futures::future::join_all(all.chunks(ALL / 20).map(|texts| {
        let (publisher, topic) = (publisher.clone(), topic.clone());
        async move {
            for text in texts {
                publisher.publish(message(&topic, text)).await.unwrap();
            }
        }
    }));
    let restarting = async {
        for at in [ALL / 3, ALL / 2] {
            record.wait_for(at).await;
            if let Some(restarted) = harness.restart() {
                restarted.await;
            }
        }
    };
    futures::join!(publishing, restarting);
    let arrived = record.wait_for(ALL).await;
    assert_eq!(arrived.into_iter().collect::<BTreeSet<_>>(), numbers(ALL));
    let back = async {
        while !node
            .messaging
            .consumers()
            .iter()
            .all(|report| report.connected)
        {
            time::sleep(Duration::from_millis(10)).await;
        }
    };
    time::timeout(TIMEOUT, back).await.unwrap();
    node.stop().await;
}

/// A publication fails within its timeout.
pub async fn publish_during_outage_is_error_msg_2(harness: &dyn Harness) {
    let node = Node::start_with(harness, |config| {
        config.publish_timeout = Timeout::from_millis(500);
    })
    .await;
    let (topic, record, group) = (topic(), Record::new(), group());
    node.subscribe(record.subscription(&group, &[&topic])).await;
    harness.wait_until_durable(&group).await;
    let publisher = node.publisher(&[&topic]).await;
    for text in numbers(500) {
        // The short timeout may also be too short for a busy disk.
        let confirmed = async { while publisher.publish(message(&topic, &text)).await.is_err() {} };
        time::timeout(TIMEOUT, confirmed).await.unwrap();
    }
    record.wait_for(500).await;
    let Some(restarted) = harness.restart() else {
        panic!("the harness cannot restart its broker");
    };
    let mut failures = 0;
    let publishing = async {
        loop {
            match time::timeout(
                Duration::from_secs(5),
                publisher.publish(message(&topic, "x")),
            )
            .await
            {
                Ok(Ok(())) => {}
                Ok(Err(PublishError::Unavailable(_))) => failures += 1,
                Ok(Err(error)) => panic!("{error:?}"),
                Err(_elapsed) => panic!("publishing hangs"),
            }
            time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        () = restarted => {}
        () = publishing => {}
    }
    assert!(failures > 0, "the broker was never seen down");
    let mut last = None;
    let back = async {
        while let Err(error) = publisher.publish(message(&topic, "back")).await {
            last = Some(error);
            time::sleep(Duration::from_millis(10)).await;
        }
    };
    if time::timeout(TIMEOUT, back).await.is_err() {
        panic!("publishing does not recover: {last:?}");
    }
    record
        .wait_until(|texts| texts.contains(&"back".to_owned()))
        .await;
    node.stop().await;
}
