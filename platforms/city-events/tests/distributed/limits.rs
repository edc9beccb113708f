//! What replicas of a service count together.

use seaworthy_testkit::redis::RedisServer;
use serde_json::{Value, json};

use crate::{cluster::Cluster, people::Door};

/// So many requests in a minute, or in ten. The door counts all but those of mail: 4, 21 and 20.
const LIMITS: [(&str, &str); 9] = [
    ("BFF__RATE_LIMIT__REQUESTS", "45"),
    ("BFF__RATE_LIMIT__WINDOW", "10m"),
    ("AUTH_SERVICE__RATE_LIMIT__ENABLED", "true"),
    ("FEED_SERVICE__TRACK__REQUESTS_PER_ADDRESS", "20"),
    ("EMAIL_SERVICE__RATE_LIMIT__REQUESTS_PER_ADDRESS", "20"),
    ("EMAIL_SERVICE__RATE_LIMIT__REQUESTS_PER_TOKEN", "20"),
    ("AUTH_SERVICE__RATE_LIMIT__REDIS__ON_FAILURE", "closed"),
    ("FEED_SERVICE__TRACK__REDIS__ON_FAILURE", "closed"),
    ("EMAIL_SERVICE__RATE_LIMIT__REDIS__ON_FAILURE", "closed"),
];

/// What is asked of a service until it refuses, and how often it may be.
struct Asked<'test> {
    service: &'static str,
    door: &'test Door,
    method: &'static str,
    path: &'static str,
    body: Option<Value>,
    answer: u16,
    most: u32,
}

impl Asked<'_> {
    async fn status(&self) -> u16 {
        let nobody = self.door.nobody();
        nobody
            .send(self.method, self.path, self.body.clone())
            .await
            .status
    }

    async fn answers(&self, times: u32) {
        for number in 0..times {
            let status = self.status().await;
            assert_eq!(status, self.answer, "{} {number}", self.service);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_are_counted_outside_of_the_process_and_refuse_or_count_alone_without_redis_res_6() {
    let Some(mut cluster) = Cluster::open_with(&LIMITS, 1).await else {
        return;
    };
    let door = cluster.door.clone();
    let mail = Door::at(cluster.mail, cluster.mail);
    let looked = json!({ "event_type": "view", "event_id": seaworthy::core::new_id() });
    let link = json!({ "token": "no token" });
    let asked = |service, path, body: Value, answer, most| Asked {
        service,
        door: if service == "email" { &mail } else { &door },
        method: "POST",
        path,
        body: Some(body),
        answer,
        most,
    };
    let all = [
        asked(
            "auth",
            "/api/auth/password/reset/request",
            json!({ "email": "ada@example.org" }),
            204,
            3,
        ),
        asked("feed", "/api/feed/recommended/track", looked, 202, 20),
        asked("email", "/api/verify", link, 401, 20),
        Asked {
            method: "GET",
            body: None,
            ..asked("bff", "/api/events", Value::Null, 200, 20)
        },
    ];
    for asked in &all {
        asked.answers(asked.most / 2).await;
    }
    // Processes that have counted nothing yet: as second ones would.
    for name in ["auth", "feed", "email", "bff"] {
        cluster.service(name).kill();
        cluster.service(name).start().unwrap();
    }
    for asked in &all {
        asked.answers(asked.most.div_ceil(2)).await;
        assert_eq!(asked.status().await, 429, "{}", asked.service);
    }
    cluster.redis.with(RedisServer::kill).await;
    for asked in &all {
        // The door counts alone now, which is what the profile for development does.
        let answer = match asked.service {
            "bff" => asked.answer,
            _ => 503,
        };
        assert_eq!(asked.status().await, answer, "{}", asked.service);
    }
    cluster.all_run();
}
