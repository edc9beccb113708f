use std::{
    num::NonZeroU32,
    time::{Duration, Instant},
};

use http::HeaderMap;
use proptest::prelude::*;
use seaworthy_core::{Code, Timeout};
use seaworthy_telemetry::metrics::{Format, Metrics};

use super::*;

fn config(requests: u32, window: Timeout) -> RateLimitsConfig {
    RateLimitsConfig {
        requests: NonZeroU32::new(requests).unwrap(),
        window,
        ..RateLimitsConfig::default()
    }
}

fn limits(config: &RateLimitsConfig) -> RateLimits {
    RateLimits::with_header_name("orders", "server", "default", config, &Metrics::new()).unwrap()
}

/// The deployment files contain the alert on errors only if the metric is registered.
#[test]
fn limits_without_redis_declare_errors_of_redis_obs_9() {
    let metrics = Metrics::new();
    let config = RateLimitsConfig::default();
    assert!(config.redis.is_none());
    RateLimits::new("orders", "server", &config, &metrics).unwrap();
    let mut described = metrics.descriptors().into_iter();
    assert!(described.any(|metric| metric.name == "rate_limit_errors_total"));
    assert!(
        !metrics
            .render(Format::PrometheusText)
            .contains("errors_total")
    );
}

fn caller(address: &str) -> LimitedCaller {
    LimitedCaller::anonymous(address.parse().unwrap())
}

fn count(limits: &RateLimits, caller: &LimitedCaller, now: Instant) -> RateLimitResult {
    match RateLimits::count([limits], caller, now) {
        RateLimitCheck::Ready(counted) => counted,
        RateLimitCheck::Pending(_) => panic!("there is no Redis"),
    }
}

fn text(headers: RateLimitHeaders) -> (String, String) {
    let mut map = HeaderMap::new();
    headers.apply(&mut map);
    let text = |name: &str| map[name].to_str().unwrap().to_owned();
    (text("ratelimit-policy"), text("ratelimit"))
}

fn daily(requests: u32) -> NamedLimitConfig {
    NamedLimitConfig {
        requests: NonZeroU32::new(requests).unwrap(),
        window: Timeout::from_secs(24 * 60 * 60),
        by: LimitBy::Ip,
    }
}

#[test]
fn headers_have_remaining_and_reset_of_the_limit_res_6() {
    let limits = limits(&config(200, Timeout::from_secs(2)));
    let (ada, now) = (caller("192.0.2.1"), Instant::now());
    let (policy, state) = text(count(&limits, &ada, now).unwrap().unwrap());
    assert_eq!(policy, "\"default\";q=200;w=2");
    assert_eq!(state, "\"default\";r=199;t=1");
    for _ in 0..199 {
        count(&limits, &ada, now).unwrap();
    }
    let rejected = count(&limits, &ada, now).unwrap_err();
    assert_eq!(text(rejected.headers.unwrap()).1, "\"default\";r=0;t=2");
    assert_eq!(rejected.error.code(), Code::Exhausted);
    let wait = rejected.error.retry_after().unwrap();
    assert!(
        wait > Duration::ZERO && wait <= Duration::from_millis(10),
        "{wait:?}"
    );
}

#[test]
fn request_must_be_within_all_limits_res_6() {
    let mut config = config(2, Timeout::from_secs(1));
    config.limits.insert("daily".to_owned(), daily(3));
    let limits = limits(&config);
    let (ada, start) = (caller("192.0.2.1"), Instant::now());
    let (policy, state) = text(count(&limits, &ada, start).unwrap().unwrap());
    assert_eq!(policy, "\"default\";q=2;w=1, \"daily\";q=3;w=86400");
    assert_eq!(state, "\"default\";r=1;t=1, \"daily\";r=2;t=28800");
    count(&limits, &ada, start).unwrap();
    let by_second = count(&limits, &ada, start).unwrap_err();
    assert!(by_second.error.retry_after().unwrap() < Duration::from_secs(1));
    let later = start + Duration::from_secs(60);
    count(&limits, &ada, later).unwrap();
    let by_day = count(&limits, &ada, later).unwrap_err();
    assert!(by_day.error.retry_after().unwrap() > Duration::from_secs(60));
    assert!(count(&limits, &caller("192.0.2.2"), later).is_ok());
}

#[test]
fn limits_of_listener_and_route_both_count_res_6() {
    let metrics = Metrics::new();
    let listener = limits(&config(100, Timeout::from_secs(1)));
    let own = config(1, Timeout::from_secs(60));
    let route = RateLimits::new("orders", "reports", &own, &metrics).unwrap();
    let (ada, now) = (caller("192.0.2.1"), Instant::now());
    let both = |now| match RateLimits::count([&listener, &route], &ada, now) {
        RateLimitCheck::Ready(counted) => counted,
        RateLimitCheck::Pending(_) => panic!("there is no Redis"),
    };
    let (policy, _) = text(both(now).unwrap().unwrap());
    assert_eq!(policy, "\"default\";q=100;w=1, \"reports\";q=1;w=60");
    let rejected = both(now).unwrap_err();
    let (_, state) = text(rejected.headers.unwrap());
    assert_eq!(state, "\"default\";r=98;t=1, \"reports\";r=0;t=60");
    let metrics = metrics.render(Format::PrometheusText);
    assert!(
        metrics.contains("rate_limit_blocked_total{name=\"reports\"} 1"),
        "{metrics}"
    );
}

#[test]
fn failed_credentials_have_a_separate_count_res_6() {
    let limits = limits(&config(1, Timeout::from_secs(60)));
    let (address, now) = ("192.0.2.1".parse().unwrap(), Instant::now());
    count(&limits, &LimitedCaller::failed(address), now).unwrap();
    count(&limits, &LimitedCaller::failed(address), now).unwrap_err();
    count(&limits, &caller("192.0.2.1"), now).unwrap();
}

#[test]
fn ipv6_subscriber_is_one_caller_res_6() {
    let limits = limits(&config(1, Timeout::from_secs(60)));
    let now = Instant::now();
    count(&limits, &caller("2001:db8:1:2::1"), now).unwrap();
    count(&limits, &caller("2001:db8:1:2:ffff::9"), now).unwrap_err();
    count(&limits, &caller("2001:db8:1:3::1"), now).unwrap();
    count(&limits, &caller("::ffff:192.0.2.1"), now).unwrap();
    count(&limits, &caller("192.0.2.1"), now).unwrap_err();
}

#[test]
fn equal_settings_keep_counts_and_limits_can_be_off_conf_4() {
    let settings = config(1, Timeout::from_secs(60));
    let limits = limits(&settings);
    let (ada, now) = (caller("192.0.2.1"), Instant::now());
    count(&limits, &ada, now).unwrap();
    limits.reload(&settings).unwrap();
    count(&limits, &ada, now).unwrap_err();
    let off = RateLimitsConfig {
        enabled: false,
        ..settings.clone()
    };
    limits.reload(&off).unwrap();
    assert!(count(&limits, &ada, now).unwrap().is_none());
    limits.reload(&settings).unwrap();
    count(&limits, &ada, now).unwrap();
}

#[test]
fn bad_settings_change_nothing_conf_4() {
    let mut settings = config(1, Timeout::from_secs(60));
    let limits = limits(&settings);
    let (ada, now) = (caller("192.0.2.1"), Instant::now());
    count(&limits, &ada, now).unwrap();
    settings.limits.insert("a\"b".to_owned(), daily(3));
    let error = limits.reload(&settings).unwrap_err();
    assert!(error.to_string().contains("not a valid name"), "{error}");
    count(&limits, &ada, now).unwrap_err();
    settings.limits.clear();
    for number in 0..9 {
        settings.limits.insert(number.to_string(), daily(3));
    }
    assert_eq!(limits.reload(&settings), Err(RateLimitsError::TooMany(9)));
}

proptest! {
    #[test]
    fn never_more_than_burst_plus_rate_in_any_time_res_6(
        gaps in proptest::collection::vec(0_u64..50, 1..400),
    ) {
        let (requests, window) = (7_u32, Timeout::from_millis(350));
        let limits = limits(&config(requests, window));
        let start = Instant::now() + Duration::from_secs(1);
        let mut elapsed = 0;
        let mut allowed = 0_u64;
        for gap in gaps {
            elapsed += gap;
            let now = start + Duration::from_millis(elapsed);
            allowed += u64::from(count(&limits, &caller("192.0.2.1"), now).is_ok());
        }
        prop_assert!(allowed <= u64::from(requests) + elapsed / 50 + 1);
    }
}

#[test]
fn legacy_headers_show_the_limit_reached_first_res_6() {
    let mut settings = config(200, Timeout::from_secs(2));
    settings.limits.insert("daily".to_owned(), daily(3));
    let headers = |settings: &RateLimitsConfig| {
        let limits = limits(settings);
        let counted = count(&limits, &caller("192.0.2.1"), Instant::now());
        let mut map = HeaderMap::new();
        counted.unwrap().unwrap().apply(&mut map);
        map
    };
    assert!(!headers(&settings).contains_key("x-ratelimit-limit"));
    settings.legacy_headers = true;
    let map = headers(&settings);
    assert_eq!(map["x-ratelimit-limit"], "3");
    assert_eq!(map["x-ratelimit-remaining"], "2");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let reset: u64 = map["x-ratelimit-reset"].to_str().unwrap().parse().unwrap();
    let wait = reset - now.unwrap().as_secs();
    assert!((28_000..29_000).contains(&wait), "{wait}");
}
