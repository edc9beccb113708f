use std::fs;

use seaworthy_config::Loader;
use seaworthy_http::Routes;
use seaworthy_testkit::{
    eventually,
    http::{get, request},
    requirement::required,
    server::redis::RedisServer,
};
use tonic::Code;

use super::app::{TestApp, call, done};

const METHOD: &str = "/orders.v1.Orders/Get";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_share_limits_of_the_grpc_listener_res_6() {
    let Some(program) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let redis = RedisServer::start(program).unwrap();
    let url = format!("rate_limit.redis.url={}", redis.url());
    let settings = [
        url.as_str(),
        "rate_limit.requests=100",
        "rate_limit.window=1h",
        "rate_limit.limits.daily.requests=5",
        "rate_limit.limits.daily.window=24h",
        "rate_limit.limits.daily.by=ip",
        "rate_limit.redis.timeout=5s",
    ];
    let calls = || Routes::new().post(METHOD, async || done());
    let one = TestApp::start(calls(), &settings).await;
    let two = TestApp::start(calls(), &settings).await;
    let channels = [one.channel().await, two.channel().await];
    let first = call(&channels[0], METHOD).await.unwrap();
    assert_eq!(
        first["ratelimit-policy"],
        "\"default\";q=100;w=3600, \"daily\";q=5;w=86400"
    );
    let mut outcomes = Vec::new();
    for number in 0..10 {
        outcomes.push(call(&channels[number % 2], METHOD).await);
    }
    let codes = outcomes.iter().map(|outcome| match outcome {
        Ok(_) => Code::Ok,
        Err(status) => status.code(),
    });
    let expected = [[Code::Ok; 4].as_slice(), &[Code::ResourceExhausted; 6]].concat();
    assert_eq!(codes.collect::<Vec<_>>(), expected);
    let refused = outcomes[9].as_ref().unwrap_err();
    let state = refused.metadata().get("ratelimit").unwrap();
    assert!(
        state.to_str().unwrap().contains("\"daily\";r=0;t="),
        "{state:?}"
    );
    let metrics = get(two.admin(), "/metrics").unwrap().body;
    let line = "rate_limit_blocked_total{name=\"server.grpc/daily\"} 3";
    assert!(metrics.contains(line), "{metrics}");
    one.stop().await;
    two.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_of_the_grpc_listener_follow_a_reload_res_6_conf_4() {
    let folder = tempfile::tempdir().unwrap();
    let limit = |requests: u32| {
        let text =
            format!("server: {{ grpc: {{ rate_limit: {{ requests: {requests}, window: 1h }} }} }}");
        fs::write(folder.path().join("config.yaml"), text).unwrap();
    };
    limit(1);
    let loader = Loader::for_tests("orders").directory(folder.path());
    let calls = Routes::new().post(METHOD, async || done());
    let app = TestApp::start_with(calls, loader).await;
    let channel = app.channel().await;
    call(&channel, METHOD).await.unwrap();
    let refused = call(&channel, METHOD).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);

    limit(1_000);
    let header = [("x-admin-request", "1")];
    let reloaded = request(app.admin(), "POST", "/config/reload", &header, "").unwrap();
    assert_eq!(reloaded.status, 200, "{}", reloaded.body);
    eventually(async || call(&channel, METHOD).await.is_ok()).await;
    app.stop().await;
}
