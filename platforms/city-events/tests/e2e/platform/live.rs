use std::time::Duration;

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    net::TcpStream,
    time::timeout,
};

use crate::{
    app::TestApp,
    client::Gateway,
    eventually::{TIMEOUT, eventually},
};

/// A client that reads server-sent events.
struct Follower(Lines<BufReader<TcpStream>>);

impl Follower {
    /// Opens the stream of an event, and returns it with the status.
    async fn open(gateway: &Gateway, event: &str) -> (u16, Self) {
        let mut stream = TcpStream::connect(gateway.address).await.unwrap();
        let request = format!(
            "GET /live/events/{event} HTTP/1.1\r\nhost: {}\r\naccept: text/event-stream\r\n\r\n",
            gateway.address
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut follower = Self(BufReader::new(stream).lines());
        let status = follower.line().await.unwrap();
        let status = status.split(' ').nth(1).unwrap().parse().unwrap();
        (status, follower)
    }

    async fn line(&mut self) -> Option<String> {
        let line = timeout(TIMEOUT, self.0.next_line()).await;
        line.unwrap().ok().flatten()
    }

    /// Returns the name and the data of the next event, or `None` at the end of the stream.
    async fn next(&mut self) -> Option<(String, String)> {
        let mut name = String::new();
        loop {
            let line = self.line().await?;
            if let Some(value) = line.strip_prefix("event: ") {
                name = value.to_owned();
            } else if let Some(data) = line.strip_prefix("data: ") {
                return Some((name, data.to_owned()));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_page_receives_the_count_of_participants() {
    let app = TestApp::start().await;
    let host = app.register("mira").await;
    let event = host.publish("Supper", 5).await;
    let (status, mut follower) = Follower::open(&app, &event).await;
    assert_eq!(status, 200);
    assert_eq!(follower.next().await.unwrap().0, "resync");

    let ada = app.register("ada").await;
    assert_eq!(ada.join(&event, "ada").await.status, 200);
    let (name, data) = follower.next().await.unwrap();
    assert_eq!(name, "seats");
    assert!(data.contains(r#""active_participants":1"#), "{data}");
    assert!(data.contains(r#""capacity":5"#), "{data}");
    app.stop().await;
}

/// After the event, the page of each participant reads its own position.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_page_receives_moves_on_the_waitlist() {
    let app = TestApp::start().await;
    let event = app.register("mira").await.publish("Supper", 1).await;
    let (_, mut follower) = Follower::open(&app, &event).await;
    assert_eq!(follower.next().await.unwrap().0, "resync");
    let (ada, ben) = (app.register("ada").await, app.register("ben").await);
    assert_eq!(ada.join(&event, "ada").await.status, 200);
    assert_eq!(follower.next().await.unwrap().0, "seats");
    // It has no personal data.
    let moved = (
        "waitlist".to_owned(),
        format!(r#"{{"event_id":"{event}"}}"#),
    );
    assert_eq!(ben.join(&event, "ben").await.json()["status"], "waitlisted");
    assert_eq!(follower.next().await.unwrap(), moved);
    assert_eq!(ben.leave(&event, "ben-leaves").await.status, 200);
    assert_eq!(follower.next().await.unwrap(), moved);
    app.stop().await;
}

/// Returns the calls of a method of the event service.
fn calls(app: &TestApp, method: &str) -> u64 {
    let admin = app.platform.addresses("event").unwrap().admin;
    let metrics = seaworthy_testkit::http::get(admin, "/metrics")
        .unwrap()
        .body;
    let label = format!("{method}\"");
    metrics
        .lines()
        .filter(|line| line.contains("grpc_requests_total{") && line.contains(&label))
        .map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
        .sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_open_pages_share_calls_to_event_service() {
    let app = TestApp::start().await;
    let host = app.register("mira").await;
    let mut open = Vec::new();
    for title in ["Supper", "Lunch", "Tea"] {
        let event = host.publish(title, 5).await;
        open.push(Follower::open(&app, &event).await);
    }
    let before = calls(&app, "GetEvent");
    assert!(before >= 3, "each page reads its event once: {before}");
    let read = calls(&app, "BatchGetEvents");
    eventually(async || {
        let reads = calls(&app, "BatchGetEvents") - read;
        if reads >= 2 {
            Ok(())
        } else {
            Err(format!("{reads} reads"))
        }
    })
    .await;
    assert_eq!(calls(&app, "GetEvent"), before);
    drop(open);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn live_counts_exist_for_public_events_only_auth_5() {
    let app = TestApp::start().await;
    let host = app.register("mira").await;
    let event = host.publish("Supper", 5).await;
    let path = format!("/api/events/{event}/unpublish");
    assert_eq!(host.post(&path).await.status, 200);
    assert_eq!(Follower::open(&app, &event).await.0, 404);
    assert_eq!(Follower::open(&app, "..%2fetc").await.0, 404);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn live_connections_of_one_address_are_limited_sec_3() {
    let app = TestApp::start_with(&["bff.live.max_connections_per_user=2"]).await;
    let event = app.register("mira").await.publish("Supper", 5).await;
    let (first, second) = tokio::join!(Follower::open(&app, &event), Follower::open(&app, &event));
    assert_eq!([first.0, second.0], [200, 200]);
    assert_eq!(Follower::open(&app, &event).await.0, 429);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stop_ends_live_connections_at_once_life_4() {
    let app = TestApp::start().await;
    let event = app.register("mira").await.publish("Supper", 5).await;
    let (_, mut follower) = Follower::open(&app, &event).await;
    assert_eq!(follower.next().await.unwrap().0, "resync");
    let end = async {
        assert_eq!(follower.next().await.unwrap().0, "draining");
        assert_eq!(follower.next().await, None);
    };
    // The phase for requests in flight has 30 s.
    let stop = timeout(Duration::from_secs(20), app.stop());
    let ((), stopped) = tokio::join!(end, stop);
    stopped.unwrap();
}
