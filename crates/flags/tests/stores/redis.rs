use seaworthy_flags::RedisStore;
use seaworthy_redis::{Redis, RedisConfig};
use seaworthy_testkit::{redis::RedisServer, requirement::required};

use crate::conformance::conforms;

#[tokio::test]
async fn redis_keeps_newest_state_flag_1() {
    let Some(program) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let server = RedisServer::start(program).unwrap();
    let config = RedisConfig {
        url: server.url().parse().unwrap(),
        ..RedisConfig::default()
    };
    conforms(&RedisStore::new(Redis::new(&config).unwrap(), "test:flags")).await;
}
