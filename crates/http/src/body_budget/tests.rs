use std::{future::poll_fn, pin::Pin, task::Poll};

use axum::body::Body;
use bytes::Bytes;
use futures::{FutureExt as _, channel::mpsc};
use http_body_util::BodyExt as _;
use proptest::prelude::*;

use super::*;
use crate::body_limit::{BodyReader, BodyReport, limited};

const LIMIT: ByteSize = ByteSize::bytes(100);

type Client = mpsc::UnboundedSender<Result<Bytes, std::io::Error>>;

/// A body whose chunks the test sends.
fn body(budget: &BodyBudget, reader: BodyReader) -> (Client, Body, BodyReport) {
    let (client, pieces) = mpsc::unbounded();
    let (body, report) = limited(Body::from_stream(pieces), LIMIT, budget, reader, None);
    (client, body, report.unwrap())
}

fn budget() -> BodyBudget {
    BodyBudget::new(LIMIT, &Metrics::new())
}

fn send(client: &Client, bytes: usize) {
    client
        .unbounded_send(Ok(Bytes::from(vec![0; bytes])))
        .unwrap();
}

async fn is_pending(body: &mut Body) -> bool {
    body.frame().now_or_never().is_none()
}

#[tokio::test(start_paused = true)]
async fn holds_body_bytes_until_response_sec_3() {
    let budget = budget();
    let (client, mut body, report) = body(&budget, BodyReader::Whole);
    assert_eq!(budget.used().get(), 0);
    send(&client, 60);
    body.frame().await.unwrap().unwrap();
    assert_eq!(budget.used().get(), 60);
    drop(client);
    assert!(body.frame().await.is_none());
    drop(body);
    assert_eq!(budget.used().get(), 60);
    drop(report);
    assert_eq!(budget.used().get(), 0);
}

#[tokio::test(start_paused = true)]
async fn holds_one_chunk_or_message_of_a_stream_sec_3() {
    let budget = budget();
    let (client, mut pieces, _report) = body(&budget, BodyReader::Pieces);
    send(&client, 60);
    pieces.frame().await.unwrap().unwrap();
    assert_eq!(budget.used().get(), 60);
    assert!(is_pending(&mut pieces).await);
    assert_eq!(budget.used().get(), 0);

    let (client, mut messages, _report) = body(&budget, BodyReader::Messages);
    // A whole message of five bytes, and seven bytes of the next.
    let mut data = vec![0; 17];
    data[4] = 5;
    data[14] = 90;
    client.unbounded_send(Ok(data.into())).unwrap();
    messages.frame().await.unwrap().unwrap();
    assert_eq!(budget.used().get(), 17);
    assert!(is_pending(&mut messages).await);
    assert_eq!(budget.used().get(), 7);
}

#[tokio::test(start_paused = true)]
async fn buffer_of_a_streamed_body_is_charged_sec_3() {
    let budget = budget();
    let (client, mut buffered, report) = body(&budget, BodyReader::Buffer(50));
    for held in [30, 60, 80] {
        send(&client, 30);
        buffered.frame().await.unwrap().unwrap();
        assert_eq!(budget.used().get(), held);
    }
    assert!(is_pending(&mut buffered).await);
    assert_eq!(budget.used().get(), 50);
    // The handler stores the bytes after the failure.
    client
        .unbounded_send(Err(std::io::Error::other("lost")))
        .unwrap();
    buffered.frame().await.unwrap().unwrap_err();
    assert_eq!(budget.used().get(), 50);
    drop((buffered, report));
    assert_eq!(budget.used().get(), 0);
}

#[tokio::test(start_paused = true)]
async fn idle_body_is_ended_when_another_waits_sec_3() {
    let budget = budget();
    let (slow_client, mut slow, slow_report) = body(&budget, BodyReader::Whole);
    send(&slow_client, 90);
    slow.frame().await.unwrap().unwrap();
    tokio::time::advance(Duration::from_millis(5)).await;
    let reading = tokio::spawn(async move { slow.frame().await.unwrap() });
    tokio::task::yield_now().await;
    let (client, mut quick, report) = body(&budget, BodyReader::Whole);
    send(&client, 50);
    quick.frame().await.unwrap().unwrap();
    reading.await.unwrap().unwrap_err();
    assert_eq!(slow_report.error().unwrap().code(), Code::Unavailable);
    assert!(slow_report.error().unwrap().retry_after().is_some());
    assert!(report.error().is_none());
    assert_eq!(budget.used().get(), 50);
}

#[tokio::test(start_paused = true)]
async fn complete_body_is_kept_while_new_body_waits_sec_3() {
    let budget = budget();
    let (client, mut whole, report) = body(&budget, BodyReader::Whole);
    send(&client, 90);
    whole.frame().await.unwrap().unwrap();
    drop(client);
    assert!(whole.frame().await.is_none());

    let (client, mut other, other_report) = body(&budget, BodyReader::Whole);
    send(&client, 50);
    let refused = other.frame().await.unwrap();
    refused.unwrap_err();
    assert_eq!(other_report.error().unwrap().code(), Code::Unavailable);
    assert!(report.error().is_none());

    let (client, mut third, _report) = body(&budget, BodyReader::Whole);
    send(&client, 50);
    assert!(is_pending(&mut third).await);
    drop((whole, report));
    third.frame().await.unwrap().unwrap();
    assert_eq!(budget.used().get(), 50);
}

#[tokio::test(start_paused = true)]
async fn rejects_heaviest_body_that_needs_more_memory_sec_3() {
    let budget = budget();
    let (light_client, mut light, light_report) = body(&budget, BodyReader::Whole);
    let (client, mut heavy, report) = body(&budget, BodyReader::Whole);
    send(&light_client, 10);
    light.frame().await.unwrap().unwrap();
    assert!(is_pending(&mut light).await);
    send(&client, 85);
    heavy.frame().await.unwrap().unwrap();
    tokio::time::advance(Duration::from_millis(5)).await;
    send(&client, 10);
    heavy.frame().await.unwrap().unwrap_err();
    assert!(report.error().is_some() && light_report.error().is_none());
    // It released its bytes immediately, while its handler has not responded.
    assert_eq!(budget.used().get(), 10);
}

#[tokio::test(start_paused = true)]
async fn small_old_body_ends_larger_young_body_sec_3() {
    let budget = budget();
    let (client, mut small, report) = body(&budget, BodyReader::Whole);
    tokio::time::advance(Duration::from_millis(100)).await;
    let (young_client, mut young, _report) = body(&budget, BodyReader::Whole);
    send(&young_client, 95);
    young.frame().await.unwrap().unwrap();
    let reading = tokio::spawn(async move { young.frame().await.unwrap() });
    tokio::task::yield_now().await;
    send(&client, 10);
    small.frame().await.unwrap().unwrap();
    assert!(report.error().is_none());
    reading.await.unwrap().unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn bodies_of_the_first_millisecond_are_ended_by_size_sec_3() {
    let budget = budget();
    let (large_client, mut large, _report) = body(&budget, BodyReader::Whole);
    send(&large_client, 90);
    large.frame().await.unwrap().unwrap();
    tokio::time::advance(Duration::from_micros(10)).await;
    let reading = tokio::spawn(async move { large.frame().await.unwrap() });
    tokio::task::yield_now().await;
    let (client, mut small, _report) = body(&budget, BodyReader::Whole);
    send(&client, 20);
    small.frame().await.unwrap().unwrap();
    reading.await.unwrap().unwrap_err();
}

#[derive(Debug, Clone)]
enum Step {
    Send(usize, usize),
    Read(usize),
    Finish(usize),
    Abandon(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let which = 0_usize..8;
    prop_oneof![
        4 => (which.clone(), 0_usize..60).prop_map(|(which, bytes)| Step::Send(which, bytes)),
        6 => which.clone().prop_map(Step::Read),
        1 => which.clone().prop_map(Step::Finish),
        1 => which.prop_map(Step::Abandon),
    ]
}

proptest! {
    #[test]
    fn random_events_never_exceed_budget_or_leak_sec_3(
        steps in prop::collection::vec(step(), 0..120)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let budget = budget();
            let mut all: Vec<Option<_>> = (0..8)
                .map(|_| Some(body(&budget, BodyReader::Whole)))
                .collect();
            for step in steps {
                match step {
                    Step::Send(which, bytes) => {
                        if let Some((client, ..)) = &all[which] {
                            // The body may be complete.
                            let _ = client.unbounded_send(Ok(vec![0; bytes].into()));
                        }
                    }
                    Step::Read(which) => {
                        if let Some((_, body, _)) = &mut all[which] {
                            poll_fn(|context| {
                                use http_body::Body as _;
                                let _ = Pin::new(&mut *body).poll_frame(context);
                                Poll::Ready(())
                            })
                            .await;
                        }
                    }
                    Step::Finish(which) => {
                        if let Some((client, ..)) = &all[which] {
                            client.close_channel();
                        }
                    }
                    Step::Abandon(which) => all[which] = Some(body(&budget, BodyReader::Whole)),
                }
                assert!(budget.used() <= LIMIT);
            }
            all.clear();
            assert_eq!(budget.used().get(), 0);
            assert_eq!(budget.0.free.available_permits(), LIMIT.as_usize());
            let bodies = budget.0.bodies.lock();
            assert!(bodies.idle.is_empty());
            assert_eq!(bodies.wanted, 0);
        });
    }
}
