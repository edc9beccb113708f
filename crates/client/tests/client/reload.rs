//! Reloads of the settings of a client.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use seaworthy_client::{ClientError, HttpClient, HttpClientConfig, HttpClients, TimeoutKind};
use seaworthy_core::{ByteSize, Timeout};
use seaworthy_testkit::eventually;

use crate::fixture::{Reply, Server, answer};

fn settings(
    server: &Server,
    change: impl FnOnce(&mut HttpClientConfig),
) -> BTreeMap<String, HttpClientConfig> {
    let mut config = HttpClientConfig {
        base_url: Some(server.url("").parse().unwrap()),
        ..HttpClientConfig::default()
    };
    change(&mut config);
    BTreeMap::from([("stock".to_owned(), config)])
}

fn follower(clients: &HttpClients, server: &Server) -> HttpClient {
    let config = settings(server, |_| {}).remove("stock").unwrap();
    let builder = HttpClient::builder("stock").config(config);
    let builder = builder.follow(clients, "stock").require_base_url();
    builder.build().unwrap()
}

async fn named(name: &'static str) -> Server {
    Server::start(move |_, seen| match seen.line.contains("/moved") {
        true => answer("302 Found", "location: /\r\n", ""),
        false => answer("200 OK", "", name),
    })
    .await
}

async fn text(client: &HttpClient) -> String {
    let response = client.get("/").send().await.unwrap();
    response.success().unwrap().text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reload_changes_client_without_failed_call_conf_4() {
    let (first, second) = (named("first").await, named("second").await);
    let clients = HttpClients::new();
    let client = follower(&clients, &first);
    let (stop, calls) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let load: Vec<_> = (0..4)
        .map(|_| {
            let (client, stop, calls) = (client.clone(), Arc::clone(&stop), Arc::clone(&calls));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let text = text(&client).await;
                    assert!(["first", "second"].contains(&&*text), "{text}");
                    calls.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for round in 0..20_u32 {
        let server = if round % 2 == 0 { &second } else { &first };
        let changed = settings(server, |config| {
            config.connect_timeout = Timeout::from_millis(1_000 + round);
            config.pool.max_idle_connections = 2;
        });
        clients.reload(&changed).unwrap();
        let (seen, done) = (server.seen().len(), calls.load(Ordering::Relaxed));
        eventually(async || server.seen().len() > seen && calls.load(Ordering::Relaxed) > done + 8)
            .await;
    }
    stop.store(true, Ordering::Relaxed);
    for load in load {
        load.await.unwrap();
    }
    clients.reload(&settings(&second, |_| {})).unwrap();
    let seen = first.seen().len();
    assert_eq!(text(&client).await, "second");
    assert_eq!(first.seen().len(), seen);
}

#[tokio::test]
async fn reloaded_limits_apply_to_the_next_call_conf_4() {
    let server = named("a text").await;
    let clients = HttpClients::new();
    let client = follower(&clients, &server);
    assert_eq!(text(&client).await, "a text");
    let moved = async || client.get("/moved").send().await.unwrap().status();
    assert_eq!(moved().await, 200);
    let limited = settings(&server, |config| {
        config.max_response_size = ByteSize::bytes(3);
        config.redirects.max_redirects = 0;
    });
    clients.reload(&limited).unwrap();
    let error = client.get("/").send().await.unwrap_err();
    assert!(matches!(error, ClientError::TooLarge { .. }), "{error:?}");
    assert_eq!(moved().await, 302);
    // Without settings, the client has the defaults. They have no URL, so the reload fails.
    clients.reload(&BTreeMap::new()).unwrap_err();
    assert_eq!(moved().await, 302);
    clients.reload(&settings(&server, |_| {})).unwrap();
    assert_eq!(text(&client).await, "a text");
}

#[tokio::test]
async fn reload_keeps_settings_of_calls_in_flight_conf_4() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n".to_vec();
    let paused = Server::start(move |_, _| {
        Reply::Endless(head.clone(), b"x".to_vec(), Duration::from_millis(2))
    })
    .await;
    let clients = HttpClients::new();
    let client = follower(&clients, &paused);
    let begun = client.get("/").send().await.unwrap();
    let impatient = settings(&paused, |config| {
        config.idle_timeout = Timeout::from_millis(1);
    });
    clients.reload(&impatient).unwrap();
    assert_eq!(client.config().idle_timeout, Timeout::from_millis(1));
    assert_eq!(begun.text().await.unwrap().len(), 1_000);
    let late = client.get("/").send().await.unwrap().text().await;
    match late.unwrap_err() {
        ClientError::TimedOut { kind, .. } => assert_eq!(kind, TimeoutKind::Idle),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn client_built_after_reload_has_the_new_settings_conf_4() {
    let (first, second) = (named("first").await, named("second").await);
    let clients = HttpClients::new();
    clients.reload(&settings(&second, |_| {})).unwrap();
    assert_eq!(text(&follower(&clients, &first)).await, "second");
    // These settings are not those of the reload.
    let config = settings(&first, |_| {}).remove("stock").unwrap();
    let own = HttpClient::builder("stock").follow(&clients, "stock");
    let own = own.config(config).build().unwrap();
    clients.reload(&settings(&second, |_| {})).unwrap();
    assert_eq!(text(&own).await, "first");
}
