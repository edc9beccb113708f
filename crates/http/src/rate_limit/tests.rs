use proptest::prelude::*;

use super::*;

fn config(requests_per_second: u32, burst: u32, max_keys: u32) -> RateLimitConfig {
    RateLimitConfig {
        requests_per_second: NonZeroU32::new(requests_per_second).unwrap(),
        burst: NonZeroU32::new(burst).unwrap(),
        max_keys: NonZeroU32::new(max_keys).unwrap(),
        ..RateLimitConfig::default()
    }
}

fn admitted(limit: &RateLimit, key: &RateLimitKey, now: Instant) -> bool {
    limit.check(key, now).is_ok()
}

fn key(number: u32) -> RateLimitKey {
    RateLimitKey::Version4(number)
}

#[test]
fn a_caller_has_its_burst_then_its_rate_res_6() {
    let limit = RateLimit::new(&config(100, 200, 1_000));
    let start = Instant::now();
    let at_once = (0..300)
        .filter(|_| admitted(&limit, &key(1), start))
        .count();
    assert_eq!(at_once, 200);
    let later = start + Duration::from_secs(1);
    let after = (0..300)
        .filter(|_| admitted(&limit, &key(1), later))
        .count();
    assert_eq!(after, 100);
    assert!(
        admitted(&limit, &key(2), later),
        "another caller is not affected"
    );
}

#[test]
fn headers_are_those_of_the_draft_res_6() {
    let limit = RateLimit::new(&config(100, 200, 1_000));
    let now = Instant::now();
    let mut headers = HeaderMap::new();
    limit
        .check(&key(1), now)
        .unwrap()
        .unwrap()
        .apply(&mut headers);
    assert_eq!(headers["ratelimit-policy"], "\"default\";q=200;w=2");
    assert_eq!(headers["ratelimit"], "\"default\";r=199;t=1");
    for _ in 0..199 {
        limit.check(&key(1), now).unwrap();
    }
    let refused = limit.check(&key(1), now).unwrap_err();
    let mut headers = HeaderMap::new();
    refused.headers.apply(&mut headers);
    assert_eq!(headers["ratelimit"], "\"default\";r=0;t=2");
    assert_eq!(refused.error.code(), Code::Exhausted);
    let wait = refused.error.retry_after().unwrap();
    assert!(
        wait > Duration::ZERO && wait <= Duration::from_millis(10),
        "{wait:?}"
    );
}

#[test]
fn one_ipv6_subscriber_is_one_caller_res_6() {
    let of = |text: &str| RateLimitKey::of_address(text.parse().unwrap());
    assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
    assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
    assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
}

#[test]
fn a_flood_of_keys_stays_within_the_bound_and_limits_itself_res_6() {
    let limit = RateLimit::new(&config(10, 10, 1_600));
    let start = Instant::now();
    let admitted = (0..100_000)
        .filter(|number| admitted(&limit, &key(*number), start))
        .count();
    let keys = limit
        .0
        .load()
        .as_ref()
        .as_ref()
        .map(|policy| policy.limit.keys());
    assert!(keys.unwrap() <= 1_600, "{keys:?}");
    assert!(admitted <= 1_600 + 16 * 10, "{admitted}");
    let later = start + Duration::from_secs(60);
    assert!((0..1_000).all(|number| super::tests::admitted(&limit, &key(200_000 + number), later)));
}

#[test]
fn an_old_key_keeps_its_count_through_a_flood_res_6() {
    let limit = RateLimit::new(&config(1, 5, 160));
    let start = Instant::now();
    assert_eq!(
        (0..9).filter(|_| admitted(&limit, &key(7), start)).count(),
        5
    );
    for number in 1_000..50_000 {
        let _ = limit.check(&key(number), start);
    }
    assert!(
        !admitted(&limit, &key(7), start),
        "the flood did not reset it"
    );
}

#[test]
fn numbers_change_while_running_and_it_can_be_off_conf_4() {
    let limit = RateLimit::new(&config(1, 1, 10));
    let now = Instant::now();
    assert!(admitted(&limit, &key(1), now) && !admitted(&limit, &key(1), now));
    limit.reload(&RateLimitConfig {
        enabled: false,
        ..RateLimitConfig::default()
    });
    assert!(limit.check(&key(1), now).unwrap().is_none());
}

proptest! {
    #[test]
    fn never_more_than_burst_plus_rate_in_any_time_res_6(
        gaps in proptest::collection::vec(0_u64..50, 1..400),
    ) {
        let (rate, burst) = (20, 7);
        let limit = RateLimit::new(&config(rate, burst, 16));
        let start = Instant::now() + Duration::from_secs(1);
        let mut elapsed = 0;
        let mut count = 0_u64;
        for gap in gaps {
            elapsed += gap;
            count += u64::from(admitted(&limit, &key(1), start + Duration::from_millis(elapsed)));
        }
        prop_assert!(count <= u64::from(burst) + elapsed * u64::from(rate) / 1_000 + 1);
    }
}
