//! Limits that replicas of a service share.

use seaworthy_testkit::redis::RedisServer;
use serde_json::{Value, json};

use super::cluster::Cluster;
use crate::client::Gateway;

/// Limits of the services. The gateway counts 4, 21 and 20 requests of this test: all but those
/// to the e-mail service.
const LIMITS: [(&str, &str); 9] = [
    ("BFF__RATE_LIMIT__REQUESTS", "45"),
    ("BFF__RATE_LIMIT__WINDOW", "10m"),
    ("AUTH_SERVICE__RATE_LIMIT__ENABLED", "true"),
    ("FEED_SERVICE__TRACKING__REQUESTS_PER_IP", "20"),
    ("EMAIL_SERVICE__RATE_LIMIT__REQUESTS_PER_IP", "20"),
    ("EMAIL_SERVICE__RATE_LIMIT__REQUESTS_PER_TOKEN", "20"),
    ("AUTH_SERVICE__RATE_LIMIT__REDIS__ON_FAILURE", "closed"),
    ("FEED_SERVICE__TRACKING__REDIS__ON_FAILURE", "closed"),
    ("EMAIL_SERVICE__RATE_LIMIT__REDIS__ON_FAILURE", "closed"),
];

/// A request to a service with a limit.
struct LimitedRequest<'test> {
    service: &'static str,
    gateway: &'test Gateway,
    method: &'static str,
    path: &'static str,
    body: Option<Value>,
    /// Status below the limit.
    status: u16,
    limit: u32,
}

impl LimitedRequest<'_> {
    async fn send(&self) -> u16 {
        let client = self.gateway.anonymous();
        let response = client.send(self.method, self.path, self.body.clone()).await;
        response.status
    }

    async fn send_accepted(&self, count: u32) {
        for number in 0..count {
            assert_eq!(self.send().await, self.status, "{} {number}", self.service);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_share_limits_in_redis_and_survive_its_outage_res_6() {
    let Some(mut cluster) = Cluster::start_with(&LIMITS, 1).await else {
        return;
    };
    let gateway = cluster.gateway.clone();
    let email = Gateway::new(cluster.email, cluster.email);
    let viewed = json!({ "event_type": "view", "event_id": seaworthy::core::new_id() });
    let link = json!({ "token": "not a token" });
    let request = |service, path, body: Value, status, limit| LimitedRequest {
        service,
        gateway: if service == "email" { &email } else { &gateway },
        method: "POST",
        path,
        body: Some(body),
        status,
        limit,
    };
    let requests = [
        request(
            "auth",
            "/api/auth/password/reset/request",
            json!({ "email": "ada@example.org" }),
            204,
            3,
        ),
        request("feed", "/api/feed/recommended/track", viewed, 202, 20),
        request("email", "/api/verify", link, 401, 20),
        LimitedRequest {
            method: "GET",
            body: None,
            ..request("bff", "/api/events", Value::Null, 200, 20)
        },
    ];
    for request in &requests {
        request.send_accepted(request.limit / 2).await;
    }
    // A restarted process has counted nothing, as a second replica would.
    for name in ["auth", "feed", "email", "bff"] {
        cluster.service(name).kill();
        cluster.service(name).start().unwrap();
    }
    for request in &requests {
        request.send_accepted(request.limit.div_ceil(2)).await;
        assert_eq!(request.send().await, 429, "{}", request.service);
    }
    cluster.redis.with(RedisServer::kill).await;
    for request in &requests {
        // The development profile of the gateway counts per process while Redis is down.
        let status = match request.service {
            "bff" => request.status,
            _ => 503,
        };
        assert_eq!(request.send().await, status, "{}", request.service);
    }
    cluster.assert_running();
}
