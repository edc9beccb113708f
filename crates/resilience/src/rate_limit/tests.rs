use std::{
    num::NonZeroU32,
    time::{Duration, Instant},
};

use proptest::prelude::*;
use seaworthy_core::{Actor, Tenant, Timeout};
use seaworthy_telemetry::metrics::Metrics;

use super::{
    headers::{policy_header, state_header},
    keyed::Keyed,
    *,
};

fn limiter(requests: u32, window: Timeout) -> RateLimiter {
    let config = RateLimitConfig {
        requests: NonZeroU32::new(requests).unwrap(),
        window,
        ..RateLimitConfig::default()
    };
    RateLimiter::new("default", &config, &Metrics::new())
}

fn ada() -> RateLimitKey {
    RateLimitKey::Actor(Actor::new("ada"))
}

#[test]
fn default_limit_is_200_at_once_and_100_per_second_res_6() {
    let limiter = RateLimiter::new("default", &RateLimitConfig::default(), &Metrics::new());
    let start = Instant::now();
    let allowed = |at: Instant, tries: u32| {
        (0..tries)
            .filter(|_| limiter.check(&ada(), at).allowed)
            .count()
    };
    assert_eq!(allowed(start, 300), 200);
    assert_eq!(allowed(start + Duration::from_secs(1), 300), 100);
    assert_eq!(
        limiter
            .check(&RateLimitKey::Tenant(Tenant::new("ada")), start)
            .remaining,
        199
    );
}

#[test]
fn burst_limits_requests_at_once_and_not_the_rate_res_6() {
    let config = RateLimitConfig {
        requests: NonZeroU32::new(100).unwrap(),
        window: Timeout::from_secs(60),
        burst: NonZeroU32::new(10),
        ..RateLimitConfig::default()
    };
    let limiter = RateLimiter::new("default", &config, &Metrics::new());
    let start = Instant::now();
    let allowed = |at: Instant| {
        (0..100)
            .filter(|_| limiter.check(&ada(), at).allowed)
            .count()
    };
    assert_eq!(allowed(start), 10);
    let rejected = limiter.check(&ada(), start);
    assert_eq!(rejected.retry_after, Duration::from_millis(600));
    assert_eq!(policy_header("default", &config), "\"default\";q=10;w=6");
    assert_eq!(state_header("default", &rejected), "\"default\";r=0;t=6");
    // Ten more every six seconds are a hundred in a minute.
    let minute = (1..=10).map(|turn| allowed(start + Duration::from_secs(6 * turn)));
    assert_eq!(minute.sum::<usize>(), 100);
}

#[test]
fn clones_share_counts_res_6() {
    let limiter = limiter(10, Timeout::from_secs(1));
    let now = Instant::now();
    let allowed = (0..1_000)
        .map(|_| limiter.clone())
        .filter(|clone| clone.check(&ada(), now).allowed)
        .count();
    assert_eq!(allowed, 10);
}

#[test]
fn headers_contain_remaining_and_reset_res_6() {
    let limiter = limiter(3, Timeout::from_secs(3));
    let now = Instant::now();
    let decision = limiter.check(&ada(), now);
    assert_eq!(
        policy_header("default", limiter.config()),
        "\"default\";q=3;w=3"
    );
    assert_eq!(state_header("default", &decision), "\"default\";r=2;t=1");
    assert_eq!(state_header("a\"b", &decision), "\"default\";r=2;t=1");
    let _ = (limiter.check(&ada(), now), limiter.check(&ada(), now));
    let rejected = limiter.check(&ada(), now);
    assert_eq!(rejected.retry_after, Duration::from_secs(1));
    assert_eq!(state_header("default", &rejected), "\"default\";r=0;t=3");
}

#[test]
fn flood_of_keys_has_bounded_memory_res_6() {
    let keyed = Keyed::new(1_600);
    keyed.update(&ada(), 1, 1_000, |value| *value = 7);
    for number in 0..100_000_u32 {
        let key = RateLimitKey::Address(std::net::Ipv4Addr::from(number).into());
        keyed.update(&key, 1, 1_000, |value| *value = 2);
    }
    assert!(keyed.len() <= 1_600);
    let mut kept = 0;
    keyed.update(&ada(), 1, 1_000, |value| kept = *value);
    assert_eq!(kept, 7, "who was there is who it was");
}

#[test]
fn key_texts_are_unique_res_6() {
    let route = |text: &str| RateLimitKey::Route(text.into());
    let keys = [
        route("a"),
        RateLimitKey::Actor(Actor::new("a")),
        RateLimitKey::Tenant(Tenant::new("a")),
        RateLimitKey::api_key("a"),
        RateLimitKey::address("192.0.2.1".parse().unwrap()),
        ada().on_route("a"),
        RateLimitKey::Route("a:actor:3:ada".into()),
        RateLimitKey::Actor(Actor::new("a")).on_route("a:route:1:b"),
        route("b").on_route("a:route:1:b"),
    ];
    let texts: std::collections::BTreeSet<String> = keys.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), keys.len());
    let text = RateLimitKey::api_key("secret-key").to_string();
    assert!(!text.contains("secret"), "{text}");
    let (one, other) = ("2001:db8::1", "2001:db8::2");
    assert_eq!(
        RateLimitKey::address(one.parse().unwrap()),
        RateLimitKey::address(other.parse().unwrap())
    );
}

#[tokio::test]
async fn layer_rejects_excess_with_retry_after_res_6() {
    use tower::{ServiceBuilder, ServiceExt as _, service_fn};

    let service = ServiceBuilder::new()
        .layer(RateLimitLayer::new(
            limiter(2, Timeout::from_secs(60)),
            |(): &()| ada(),
        ))
        .layer(crate::CallLayer)
        .service(service_fn(|()| async {
            Ok::<_, std::convert::Infallible>(())
        }));
    for _ in 0..2 {
        service.clone().oneshot(()).await.unwrap();
    }
    let error = service.oneshot(()).await.unwrap_err();
    let crate::CallError::Rejected(rejection) = error else {
        panic!("{error:?}");
    };
    assert_eq!(rejection.reason(), crate::RejectionReason::RateLimited);
    assert!(rejection.retry_after().unwrap() > Duration::from_secs(20));
}

proptest! {
    #[test]
    fn check_bounds_every_window_and_long_term_rate_res_6(
        waits in proptest::collection::vec(0_u64..200, 1..400),
        requests in 1_u32..50,
    ) {
        let limiter = limiter(requests, Timeout::from_secs(1));
        let start = Instant::now() + Duration::from_secs(1);
        let (mut now, mut allowed) = (start, Vec::new());
        for wait in waits {
            now += Duration::from_millis(wait);
            let decision = limiter.check(&ada(), now);
            if decision.allowed {
                allowed.push(now);
            } else {
                prop_assert!(!limiter.check(&ada(), now + decision.retry_after - Duration::from_nanos(1)).allowed);
            }
        }
        let bound = f64::from(requests) * (1.0 + (now - start).as_secs_f64()) + 1.0;
        let count = u32::try_from(allowed.len()).unwrap();
        prop_assert!(f64::from(count) <= bound, "{count} > {bound}");
        for first in &allowed {
            let window = *first..*first + Duration::from_secs(1);
            let within = allowed.iter().filter(|moment| window.contains(*moment)).count();
            prop_assert!(within <= 2 * requests as usize, "{within} in one window");
        }
    }
}
