use std::time::Duration;

use proptest::prelude::*;

use super::*;

#[test]
fn units_parse_documented_forms_conf_1() {
    assert_eq!("2MiB".parse(), Ok(ByteSize::mebibytes(2)));
    assert_eq!("10 kB".parse(), Ok(ByteSize::bytes(10_000)));
    assert_eq!("250ms".parse(), Ok(Timeout::from_millis(250)));
    assert_eq!("0s".parse(), Ok(Delay::ZERO));
    assert_eq!("90d".parse(), Ok(Lifetime::from_days(90)));
    assert_eq!("2160h".parse(), Ok(Lifetime::from_days(90)));
}

#[test]
fn durations_have_fractions_and_several_units_conf_1() {
    assert_eq!("0.2s".parse(), Ok(Timeout::from_millis(200)));
    assert_eq!("1h30m".parse(), Ok(Timeout::from_secs(5_400)));
    assert_eq!("1m0.25s".parse(), Ok(Delay::from_millis(60_250)));
    assert_eq!("1.5 d".parse::<Lifetime>().unwrap().to_string(), "36h");
    let nanosecond = Timeout::try_from(Duration::from_nanos(1)).unwrap();
    assert_eq!("0.0000000019s".parse(), Ok(nanosecond));
}

#[test]
fn lifetime_is_above_zero_and_at_most_ten_years_conf_1() {
    assert_eq!("3650d".parse::<Lifetime>().unwrap().to_string(), "3650d");
    assert_eq!("36h".parse::<Lifetime>().unwrap().to_string(), "36h");
    for text in ["0d", "3651d", "90", "90 weeks", ""] {
        let error = text.parse::<Lifetime>().unwrap_err().to_string();
        assert!(error.contains("3650 days"), "{error}");
    }
}

#[test]
fn units_reject_missing_unit_and_zero_timeout_conf_1() {
    for text in [
        "",
        "5",
        "s",
        "-1s",
        "1.s",
        ".5s",
        "1h30",
        "1h 30m",
        "0.0s",
        "0h0s",
        "0s",
        "9999999h",
        "99999999999999999999s",
        "5 weeks",
    ] {
        assert!(text.parse::<Timeout>().is_err(), "{text}");
    }
    for text in [
        "",
        "5",
        "MiB",
        "-1B",
        "99999999999999999999GiB",
        "18446744073709551615KiB",
    ] {
        assert!(text.parse::<ByteSize>().is_err(), "{text}");
    }
    assert!(Ratio::try_from(f64::NAN).is_err());
    assert!(Ratio::try_from(1.01).is_err());
}

#[test]
fn unit_error_contains_text_and_expected_form_conf_1() {
    let error = "soon".parse::<Timeout>().unwrap_err().to_string();
    assert!(
        error.contains("\"soon\"") && error.contains("250ms"),
        "{error}"
    );
}

proptest! {
    #[test]
    fn durations_round_trip_through_text_conf_1(nanos in 1_u64..604_800_000_000_000) {
        let timeout = Timeout::try_from(Duration::from_nanos(nanos)).unwrap();
        prop_assert_eq!(timeout.to_string().parse(), Ok(timeout));
        let delay = Delay::try_from(Duration::from_nanos(nanos)).unwrap();
        prop_assert_eq!(delay.to_string().parse(), Ok(delay));
    }

    #[test]
    fn sizes_round_trip_through_text_conf_1(bytes: u64) {
        prop_assert_eq!(ByteSize::bytes(bytes).to_string().parse(), Ok(ByteSize::bytes(bytes)));
    }

    #[test]
    fn units_parse_arbitrary_text_conf_1(
        text in prop_oneof![".*", "[0-9+. -]{0,25} {0,2}[a-zA-Zµ]{0,4}", "0{0,30}[0-9]{1,25}(ms|s|m|h|B|KiB|GB)"]
    ) {
        const WEEK: Duration = Duration::from_secs(604_800);
        if let Ok(timeout) = text.parse::<Timeout>() {
            prop_assert!(!timeout.get().is_zero() && timeout.get() <= WEEK);
            prop_assert_eq!(timeout.to_string().parse(), Ok(timeout));
        }
        if let Ok(delay) = text.parse::<Delay>() {
            prop_assert!(delay.get() <= WEEK);
            prop_assert_eq!(delay.to_string().parse(), Ok(delay));
        }
        if let Ok(size) = text.parse::<ByteSize>() {
            prop_assert_eq!(size.to_string().parse(), Ok(size));
        }
        if let Ok(ratio) = serde_json::from_str::<Ratio>(&text) {
            prop_assert!((0.0..=1.0).contains(&ratio.get()));
        }
    }
}
