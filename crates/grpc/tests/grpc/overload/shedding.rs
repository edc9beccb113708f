use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use seaworthy_http::Routes;
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};
use tonic::Code;

use super::app::{TestApp, call, call_within, done};

const METHOD: &str = "/orders.v1.Orders/Get";
/// A pool of two connections and 50 ms of work serve 40 calls per second.
const POOL: usize = 2;
const WORK: Duration = Duration::from_millis(50);
/// Four times the capacity. A busy machine still sends so many.
const CALLS_PER_SECOND: u32 = 160;
/// A trial counts if the mean duration of the work is below this. On a busier machine, the CPU and
/// not the pool limits the calls.
const MAX_MEAN_WORK: Duration = Duration::from_millis(60);
/// Maximum number of trials until one counts.
const MAX_TRIALS: u32 = 8;
/// A client that has no response by then has gone.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(1);
/// The limit follows the latency within this time.
const SETTLING: Duration = Duration::from_secs(6);
/// The time of the load whose calls are counted.
const MEASURED: Duration = Duration::from_secs(6);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_above_the_limit_of_the_listener_are_unavailable_res_7() {
    let (pool, started) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let calls = {
        let (pool, started) = (Arc::clone(&pool), Arc::clone(&started));
        Routes::new().post(METHOD, async move || {
            started.add_permits(1);
            let _held = pool.acquire().await.unwrap();
            done()
        })
    };
    let settings = ["load_shed.max_in_flight=2", "rate_limit.enabled=false"];
    let app = TestApp::start(calls, &settings).await;
    let channel = app.channel().await;
    let mut held = JoinSet::new();
    for _ in 0..2 {
        let channel = channel.clone();
        held.spawn(async move { call(&channel, METHOD).await.is_ok() });
    }
    let _both = started.acquire_many(2).await.unwrap();
    let status = call(&channel, METHOD).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    assert_eq!(
        status.message(),
        "the service is overloaded: try again later"
    );
    pool.add_permits(2);
    assert_eq!(held.join_all().await, [true, true]);
    call(&channel, METHOD).await.unwrap();
    app.stop().await;
}

/// Sends four times the capacity of a pool. Checks that the limit that follows the latency rejects
/// calls, and that the pool works for clients that still wait.
async fn saturate(settings: &[&str]) {
    let mut trial = 1;
    while let Err(problem) = try_to_saturate(settings).await {
        let Problem { text, mean_work } = problem;
        let is_busy = mean_work > MAX_MEAN_WORK;
        assert!(
            is_busy && trial < MAX_TRIALS,
            "{text}: {mean_work:?} of work"
        );
        trial += 1;
    }
}

/// Calls that the service did not reject or serve as expected.
struct Problem {
    text: String,
    mean_work: Duration,
}

async fn try_to_saturate(settings: &[&str]) -> Result<(), Problem> {
    let (pool, work) = (Arc::new(Semaphore::new(POOL)), Arc::new(AtomicU32::new(0)));
    // The number of completed calls, and the sum of their durations in microseconds.
    let worked = Arc::new((AtomicU32::new(0), AtomicU64::new(0)));
    let calls = {
        let (work, worked) = (Arc::clone(&work), Arc::clone(&worked));
        Routes::new().post(METHOD, async move || {
            let _connection = pool.acquire().await.unwrap();
            let begun = Instant::now();
            work.fetch_add(1, Ordering::Relaxed);
            sleep(WORK).await;
            let elapsed = u64::try_from(begun.elapsed().as_micros()).unwrap();
            worked.0.fetch_add(1, Ordering::Relaxed);
            worked.1.fetch_add(elapsed, Ordering::Relaxed);
            done()
        })
    };
    let app = TestApp::start(calls, &[settings, &["rate_limit.enabled=false"]].concat()).await;
    let channel = app.channel().await;
    // The latency without load.
    for _ in 0..20 {
        call(&channel, METHOD).await.unwrap();
    }
    let (start, mut calls) = (Instant::now(), JoinSet::new());
    let (mut number, mut measured) = (0, 0);
    while start.elapsed() < SETTLING + MEASURED {
        sleep_until(start + Duration::from_secs(1) * number / CALLS_PER_SECOND).await;
        number += 1;
        let is_measured = start.elapsed() >= SETTLING;
        if is_measured && measured == 0 {
            work.store(0, Ordering::Relaxed);
        }
        measured += u32::from(is_measured);
        let channel = channel.clone();
        calls.spawn(async move {
            let outcome = call_within(&channel, METHOD, CLIENT_TIMEOUT).await;
            (is_measured, outcome)
        });
    }
    let (mut served, mut shed, mut left) = (0, 0, 0);
    while let Some(outcome) = calls.join_next().await {
        let (is_measured, outcome) = outcome.unwrap();
        match outcome {
            _ if !is_measured => {}
            Some(Ok(_)) => served += 1,
            Some(Err(status)) if status.code() == Code::Unavailable => shed += 1,
            // The listener closes a connection on which many clients have left.
            Some(Err(_)) | None => left += 1,
        }
    }
    // Fewer calls wait than the listener admits at most, so only the limit that follows the
    // latency rejects some.
    let counts = format!("{settings:?}: {served} served, {shed} shed, {left} left of {measured}");
    let work = work.load(Ordering::Relaxed);
    // Up to a second of work is for calls that were sent before, so it is counted in `work` only.
    let is_expected = shed > measured / 4 && served > measured / 10 && served * 3 > work * 2;
    call(&channel, METHOD).await.unwrap();
    app.stop().await;
    if is_expected {
        return Ok(());
    }
    Err(Problem {
        text: format!("{work} begun, {counts}"),
        mean_work: Duration::from_micros(worked.1.load(Ordering::Relaxed))
            / worked.0.load(Ordering::Relaxed).max(1),
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn default_limit_sheds_calls_of_a_saturated_pool_res_7() {
    saturate(&[]).await;
}

/// The maximum of City Events for crowds. The clients that leave lower the limit below it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn high_limit_sheds_calls_of_a_saturated_pool_res_7() {
    saturate(&["load_shed.max_in_flight=8192"]).await;
}
