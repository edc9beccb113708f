use seaworthy_flags::{Author, Context, Flag, Flags, Kind, NewOverride, RedisStore};
use seaworthy_redis::{Redis, RedisConfig, redis::Script};
use seaworthy_testkit::{redis::RedisServer, requirement::required};

use crate::store_conformance::conforms;

fn start() -> Option<(RedisServer, Redis)> {
    let program = required("SEAWORTHY_TEST_REDIS_SERVER")?;
    let server = RedisServer::start(program).unwrap();
    let config = RedisConfig {
        url: server.url().parse().unwrap(),
        ..RedisConfig::default()
    };
    Some((server, Redis::new(&config).unwrap()))
}

#[tokio::test]
async fn redis_keeps_newest_state_flag_1() {
    let Some((_server, redis)) = start() else {
        return;
    };
    conforms(&RedisStore::new(redis, "test:flags")).await;
}

#[tokio::test]
async fn kill_switch_survives_loss_of_redis_data_flag_1() {
    let Some((_server, redis)) = start() else {
        return;
    };
    let replica = || {
        let store = RedisStore::new(redis.clone(), "test:flags");
        let flags = Flags::with_store(Context::new(), store);
        let stop = Flag::boolean("stop", true).kind(Kind::KillSwitch);
        (flags.declare(stop).unwrap(), flags)
    };
    let (stop, flags) = replica();
    let (author, off) = (Author::new("a test"), NewOverride::new("stop", "off"));
    flags.set_override(&off, &author).await.unwrap();
    let flush = Script::new("return redis.call('FLUSHALL')");
    redis.invoke::<String>(&flush, &[], &[]).await.unwrap();
    flags.refresh().await.unwrap();
    assert!(!stop.get());
    // A replica that starts later reads the change too, and both can change flags.
    let (there, other) = replica();
    other.refresh().await.unwrap();
    assert!(!there.get());
    let on = NewOverride::new("stop", "on");
    other.set_override(&on, &author).await.unwrap();
    flags.refresh().await.unwrap();
    assert!(stop.get());
}
