use std::time::Duration;

use proptest::prelude::*;

use super::*;

#[test]
fn sizes_and_durations_read_what_people_write_conf_1() {
    assert_eq!("2MiB".parse(), Ok(ByteSize::mebibytes(2)));
    assert_eq!("10 kB".parse(), Ok(ByteSize::bytes(10_000)));
    assert_eq!("250ms".parse(), Ok(Timeout::from_millis(250)));
    assert_eq!("0s".parse(), Ok(Delay::ZERO));
}

#[test]
fn numbers_without_a_unit_and_bounds_of_zero_are_refused_conf_1() {
    for text in [
        "",
        "5",
        "s",
        "-1s",
        "1.5s",
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
fn an_error_names_the_text_and_what_was_expected_conf_1() {
    let error = "soon".parse::<Timeout>().unwrap_err().to_string();
    assert!(
        error.contains("\"soon\"") && error.contains("250ms"),
        "{error}"
    );
}

proptest! {
    #[test]
    fn durations_survive_their_own_text_conf_1(nanos in 1_u64..604_800_000_000_000) {
        let timeout = Timeout::try_from(Duration::from_nanos(nanos)).unwrap();
        prop_assert_eq!(timeout.to_string().parse(), Ok(timeout));
        let delay = Delay::try_from(Duration::from_nanos(nanos)).unwrap();
        prop_assert_eq!(delay.to_string().parse(), Ok(delay));
    }

    #[test]
    fn sizes_survive_their_own_text_conf_1(bytes: u64) {
        prop_assert_eq!(ByteSize::bytes(bytes).to_string().parse(), Ok(ByteSize::bytes(bytes)));
    }

    #[test]
    fn no_text_breaks_a_parser_conf_1(text in ".*") {
        let _ = text.parse::<Timeout>();
        let _ = text.parse::<Delay>();
        let _ = text.parse::<ByteSize>();
    }
}
