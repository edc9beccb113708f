use std::{net::SocketAddr, path::Path};

use rustix::process::Signal;
use seaworthy::redis::{Redis, RedisConfig, redis::cmd};
use seaworthy_testkit::{process::ServiceProcess, redis::RedisServer};

use crate::balancer::Balancer;

pub(crate) const SECRET: &str = "a secret of at least 32 characters";

/// Two replicas of the service.
pub(crate) struct Replicas {
    pub(crate) redis: RedisServer,
    running: Vec<(SocketAddr, ServiceProcess)>,
    balancer: Balancer,
}

impl Replicas {
    pub(crate) fn start(redis: &str) -> Self {
        let redis = RedisServer::start(redis).unwrap();
        let running = vec![replica(&redis.url()), replica(&redis.url())];
        let balancer = Balancer::start();
        balancer.set(running.iter().map(|(address, _)| *address).collect());
        Self {
            redis,
            running,
            balancer,
        }
    }

    /// Returns the URL that leads to any replica.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.balancer.address())
    }

    pub(crate) fn urls(&self) -> Vec<String> {
        let addresses = self.running.iter().map(|(address, _)| address);
        addresses
            .map(|address| format!("http://{address}"))
            .collect()
    }

    /// Starts another replica, and stops the oldest one.
    pub(crate) fn restart_oldest(&mut self) {
        self.running.push(replica(&self.redis.url()));
        let (_, old) = self.running.remove(0);
        let addresses = self.running.iter().map(|(address, _)| *address);
        self.balancer.set(addresses.collect());
        old.signal(Signal::TERM).unwrap();
        let ended = old.wait_with_output().unwrap();
        assert!(ended.status.success(), "{}", ended.stderr);
    }

    /// Returns the identifiers of all stored messages.
    pub(crate) fn stored(&self) -> Vec<String> {
        let url = self.redis.url().parse().unwrap();
        let config = RedisConfig {
            url,
            ..RedisConfig::default()
        };
        let redis = Redis::new(&config).unwrap();
        let mut keys = cmd("HKEYS");
        keys.arg("chat:messages:harbour");
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(redis.request(&keys)).unwrap()
    }
}

fn replica(redis: &str) -> (SocketAddr, ServiceProcess) {
    let url = format!("redis.url={redis}");
    let arguments = [
        "--profile",
        "test",
        "--set",
        &url,
        "--set",
        "lifecycle.drain_delay=100ms",
        "--set",
        "realtime.max_calls=1000",
    ];
    let program = Path::new(env!("CARGO_BIN_EXE_chat"));
    let key = [("CHAT__TOKENS__TOKEN_KEY", SECRET)];
    let mut service = ServiceProcess::start(program, &arguments, &key).unwrap();
    let (http, _) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    (http, service)
}
