//! Replicas that count requests together in Redis.

use std::{
    cell::RefCell,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpStream,
};

use seaworthy_testkit::{
    database::EmptyDatabase,
    eventually,
    fault::{Disruption, Fault, FaultProxy},
    redis::RedisServer,
    requirement::required,
};

use crate::{
    app::{PASSWORD, Replica, assert_error, command},
    features::wait,
};

thread_local! {
    static LIMITS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Returns the settings of the limits that the replicas of this test share. Empty without Redis.
pub(crate) fn shared_limits() -> Vec<String> {
    LIMITS.with_borrow(Clone::clone)
}

/// Runs a test whose replicas count requests in one Redis.
pub(crate) fn with_redis(test: impl FnOnce(&EmptyDatabase)) {
    let Some(program) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let Some(database) = EmptyDatabase::postgres() else {
        return;
    };
    let server = RedisServer::start(program).unwrap();
    let limits = ["server.http", "auth.login", "auth.public"].map(|part| match part {
        "server.http" => format!("{part}.rate_limit"),
        part => format!("{part}_rate_limit"),
    });
    let mut settings = vec![format!("data.redis.url={}", server.url())];
    for limit in &limits {
        settings.push(format!("{limit}.enabled=true"));
        // The tests send more requests from one address than users do.
        settings.push(format!("{limit}.requests=10000000"));
    }
    // Only this limit has a burst by default.
    settings.push("server.http.rate_limit.burst=10000000".to_owned());
    settings.push(format!("server.http.rate_limit.redis.url={}", server.url()));
    LIMITS.set(settings);
    test(&database);
    database.recycle().unwrap();
    // Counts expire, but the statistics of the scripts that count do not.
    let mut connection = TcpStream::connect(server.address()).unwrap();
    connection
        .write_all(b"INFO commandstats\r\nQUIT\r\n")
        .unwrap();
    let mut lines = BufReader::new(connection).lines().map(Result::unwrap);
    assert!(
        lines.any(|line| line.starts_with("cmdstat_evalsha:")),
        "no replica counted in Redis"
    );
}

pub(crate) fn limit_of_logins_counts_all_replicas_res_6(database: &EmptyDatabase) {
    let limited = ["auth.login_rate_limit.requests=10"];
    LIMITS.with_borrow_mut(|settings| settings.extend(limited.map(str::to_owned)));
    let (first, second) = (Replica::start(database), Replica::start(database));
    assert_eq!(first.register("ada").status, 200);
    for replica in [
        &first, &second, &first, &second, &first, &second, &first, &second, &first,
    ] {
        let answer = replica.login("ada", PASSWORD);
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.header("x-ratelimit-limit"), Some("10"));
    }
    for replica in [&first, &second] {
        assert_error(&replica.login("ada", PASSWORD), 429, "RATE_LIMITED");
    }
}

/// Returns the address of the Redis of this test.
fn address() -> String {
    let url = LIMITS
        .with_borrow(|settings| settings.first().cloned())
        .unwrap();
    let (_, address) = url.trim_end_matches('/').rsplit_once('/').unwrap();
    address.to_owned()
}

pub(crate) fn readiness_follows_redis_if_limits_need_it_hlth_2(database: &EmptyDatabase) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let proxy = FaultProxy::start(address().parse().unwrap()).await.unwrap();
        let url = format!("data.redis.url=redis://{}", proxy.address());
        let closed = Replica::start_with(database, &[&url]);
        let local = Replica::start_with(database, &[&url, "data.redis.on_failure=local"]);
        assert_eq!(closed.register("ada").status, 200);
        let ready = |replica: &Replica| replica.send("GET", "/health/ready", "").unwrap();
        assert_eq!((ready(&closed).status, ready(&local).status), (200, 200));

        proxy.set(Fault::of(Disruption::Down));
        eventually(async || ready(&closed).status == 503).await;
        eventually(async || ready(&local).body.contains("degraded")).await;
        assert_eq!(ready(&local).status, 200);
        assert_eq!(local.login("ada", PASSWORD).status, 200);

        proxy.heal();
        eventually(async || ready(&closed).status == 200).await;
    });
}

pub(crate) fn readiness_follows_writes_to_redis_hlth_2(database: &EmptyDatabase) {
    let redis = address();
    let replica = Replica::start(database);
    assert_eq!(replica.register("ada").status, 200);
    let ready = |status: u16| {
        let readiness = || replica.send("GET", "/health/ready", "").unwrap().status;
        wait(|| readiness() == status);
    };
    let configure = |command: &str| {
        let mut connection = TcpStream::connect(&redis).unwrap();
        let command = format!("{command}\r\n");
        connection.write_all(command.as_bytes()).unwrap();
        let mut answers = BufReader::new(connection).lines();
        assert_eq!(answers.next().unwrap().unwrap(), "+OK");
    };
    let min_replicas =
        |number: u32| configure(&format!("CONFIG SET min-replicas-to-write {number}"));
    ready(200);
    // This Redis accepts commands, but not the scripts that count.
    configure("ACL SETUSER default -evalsha -eval");
    ready(503);
    configure("ACL SETUSER default +evalsha +eval");
    ready(200);
    // This Redis responds to PING and rejects writes.
    min_replicas(1);
    assert_eq!(replica.login("ada", PASSWORD).status, 503);
    ready(503);

    // Without limits, the service needs no Redis.
    let flag = |arguments: &[&str]| {
        let by = ["--reason", "Redis is read-only", "--actor", "ann"];
        command(database, &[&["flags"][..], arguments, &by[..]].concat());
    };
    flag(&["set", "rate_limit", "off"]);
    ready(200);
    assert_eq!(replica.login("ada", PASSWORD).status, 200);
    flag(&["unset", "rate_limit"]);
    ready(503);
    min_replicas(0);
    ready(200);
}

pub(crate) fn readiness_follows_redis_of_one_limit_hlth_2(database: &EmptyDatabase) {
    let server = RedisServer::start(required("SEAWORTHY_TEST_REDIS_SERVER").unwrap()).unwrap();
    for limit in [
        "server.http.rate_limit",
        "auth.login_rate_limit",
        "auth.public_rate_limit",
    ] {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let proxy = FaultProxy::start(server.address()).await.unwrap();
            let own = format!("{limit}.redis.url=redis://{}", proxy.address());
            let replica = Replica::start_with(database, &[&own]);
            let ready = || replica.send("GET", "/health/ready", "").unwrap().status;
            eventually(async || ready() == 200).await;
            proxy.set(Fault::of(Disruption::Down));
            eventually(async || ready() == 503).await;
        });
    }
    // The other limits count in the shared Redis.
    assert_eq!(Replica::start(database).register("ada").status, 200);
}

pub(crate) fn settings_of_the_contract_select_the_database_conf_1(database: &EmptyDatabase) {
    let address = address();
    let settings = [
        "data.redis.db=3",
        "data.redis.write_timeout=3s",
        "data.redis.pool_size=1",
    ];
    let replica = Replica::start_with(database, &settings);
    assert_eq!(replica.register("ada").status, 200);
    for _ in 0..3 {
        assert_eq!(replica.login("ada", PASSWORD).status, 200);
    }
    let mut connection = TcpStream::connect(&address).unwrap();
    connection
        .write_all(b"SELECT 3\r\nKEYS *rate_limit:login*\r\n")
        .unwrap();
    let mut answers = BufReader::new(connection).lines();
    assert_eq!(answers.next().unwrap().unwrap(), "+OK");
    // The limit of logins has one key for the one address.
    assert_eq!(answers.next().unwrap().unwrap(), "*1");
}
