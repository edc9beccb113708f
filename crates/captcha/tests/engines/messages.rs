use std::{num::NonZeroU32, sync::Arc, time::Duration};

use futures::future::join_all;
use seaworthy_captcha::{Binding, CaptchaConfig, CaptchaError, Captchas, Issued, SentCodesConfig};
use seaworthy_core::{Code, Error, RequestContext, Secret, ServiceIdentity, Timeout, context};
use seaworthy_data::sql;
use seaworthy_telemetry::metrics::{Format, Metrics};
use seaworthy_testkit::eventually;

use crate::test_database::{Outcome, TestDatabase};

pub(crate) async fn code_counts_only_for_its_kind_and_address_auth_2(test: TestDatabase) {
    let captchas = test.replica();
    let own = Binding::Email("ada@example.org");
    let issued = captchas.issue(&own).await.unwrap();
    let code = test.last_code();
    for other in [
        Binding::Email("eve@example.org"),
        Binding::Sms("ada@example.org"),
        Binding::Image,
    ] {
        let answer = captchas.consume(&issued.id, &code, &[other]).await;
        assert!(matches!(answer, Err(CaptchaError::Invalid)), "{answer:?}");
    }
    let allowed = [Binding::Image, own];
    captchas.consume(&issued.id, &code, &allowed).await.unwrap();
    assert_eq!(test.provider.sent.lock()[0].0, "ada@example.org");
}

pub(crate) async fn failing_provider_is_unavailable_without_its_text_auth_2(test: TestDatabase) {
    test.provider.set(Outcome::Rejected);
    let error = test.replica().issue(&Binding::Sms("+33612345678")).await;
    let error = Error::from(error.unwrap_err());
    assert_eq!(error.code(), Code::Unavailable);
    assert_eq!(error.reason(), "CAPTCHA_GENERATION_FAILED");
    assert!(!error.message().contains("10.0.0.7"), "{error}");
}

pub(crate) async fn codes_per_address_are_limited_on_all_replicas_auth_2(test: TestDatabase) {
    let (first, second) = (test.replica(), test.replica());
    let replicas = [&first, &second, &first, &second, &first, &second];
    let own = Binding::Email("ada@example.org");
    let issued = join_all(replicas.map(|replica| replica.issue(&own))).await;
    assert_eq!(issued.iter().filter(|result| result.is_ok()).count(), 3);
    assert_eq!(test.provider.sent.lock().len(), 3);
    let refused = first.issue(&own).await.unwrap_err();
    let refused = Error::from(refused);
    assert_eq!(
        (refused.code(), refused.reason()),
        (Code::Exhausted, "RATE_LIMITED")
    );
    assert!(refused.retry_after().is_some());
    // Another address has its own limit, also of another kind.
    first
        .issue(&Binding::Email("eve@example.org"))
        .await
        .unwrap();
    first.issue(&Binding::Sms("ada@example.org")).await.unwrap();
}

pub(crate) async fn spellings_of_an_address_share_its_limit_auth_2(test: TestDatabase) {
    let captchas = test.replica();
    for spellings in [
        ["ada@example.org", "ada+1@example.org", "Ada+2@Example.org"].map(Binding::Email),
        ["+33612345678", "0033612345678", "33612345678"].map(Binding::Sms),
        ["13800000000", "+8613800000000", "008613800000000"].map(Binding::Sms),
    ] {
        for spelling in spellings {
            captchas.issue(&spelling).await.unwrap();
        }
        for spelling in spellings {
            let refused = captchas.issue(&spelling).await.unwrap_err();
            let is_limited = matches!(refused, CaptchaError::TooManyCodes { .. });
            assert!(is_limited, "{spelling:?}: {refused}");
        }
    }
    captchas
        .issue(&Binding::Email("adam+1@example.org"))
        .await
        .unwrap();
}

pub(crate) async fn address_gets_codes_again_after_the_ttl_auth_2(test: TestDatabase) {
    let config = CaptchaConfig {
        ttl: Timeout::try_from(Duration::from_millis(1)).unwrap(),
        ..CaptchaConfig::default()
    };
    let captchas = test.with(config);
    let own = Binding::Email("ada@example.org");
    for _ in 0..3 {
        captchas.issue(&own).await.unwrap();
    }
    eventually(async || captchas.issue(&own).await.is_ok()).await;
}

pub(crate) async fn address_is_limited_longer_than_the_ttl_auth_2(test: TestDatabase) {
    let mut config = CaptchaConfig {
        ttl: Timeout::from_millis(1),
        max_per_target: NonZeroU32::MAX,
        ..CaptchaConfig::default()
    };
    config.sent_codes.max_per_target = NonZeroU32::new(4).unwrap();
    let captchas = test.with(config);
    for tag in 0..4 {
        let address = format!("ada+{tag}@example.org");
        captchas.issue(&Binding::Email(&address)).await.unwrap();
    }
    let refused = captchas.issue(&Binding::Email("ada@example.org")).await;
    let refused = refused.unwrap_err();
    let is_of_target = matches!(refused, CaptchaError::TooManyCodes { .. });
    assert!(is_of_target, "{refused}");
    captchas
        .issue(&Binding::Email("eve@example.org"))
        .await
        .unwrap();
}

pub(crate) async fn missing_provider_names_the_offered_kinds_auth_2(test: TestDatabase) {
    let key = Secret::new([7; 32]);
    let captchas = Captchas::new(test.database.clone(), &key, CaptchaConfig::default());
    let captchas = captchas.with_email(test.provider.clone());
    let error = captchas.issue(&Binding::Sms("+33612345678")).await;
    let error = Error::from(error.unwrap_err());
    assert_eq!(error.code(), Code::Invalid);
    assert!(
        error.message().ends_with("use image, audio, email"),
        "{error}"
    );
}

/// Requests a code in a request from an IP address.
pub(crate) async fn issue_from(
    captchas: &Captchas,
    ip: &str,
    binding: Binding<'_>,
) -> Result<Issued, CaptchaError> {
    let request = RequestContext::background(ServiceIdentity::new("test", "1"));
    let request = Arc::new(request.with_client_address(ip.parse().unwrap()));
    context::scope(request, captchas.issue(&binding)).await
}

pub(crate) fn limited(max_per_ip: u32, max_total: u32) -> CaptchaConfig {
    let max_total = NonZeroU32::new(max_total).unwrap();
    CaptchaConfig {
        sent_codes: SentCodesConfig {
            max_per_ip: NonZeroU32::new(max_per_ip).unwrap(),
            max_total_sms: max_total,
            max_total_email: max_total,
            ..SentCodesConfig::default()
        },
        ..CaptchaConfig::default()
    }
}

pub(crate) async fn codes_of_an_ip_are_limited_on_all_replicas_auth_2(test: TestDatabase) {
    let (first, second) = (test.with(limited(4, 100)), test.with(limited(4, 100)));
    let numbers: Vec<_> = (0..9)
        .map(|number| format!("+3361234567{number}"))
        .collect();
    let requests = numbers.iter().enumerate().map(|(index, number)| {
        let replica = if index % 2 == 0 { &first } else { &second };
        issue_from(replica, "192.0.2.7", Binding::Sms(number))
    });
    let issued = join_all(requests).await;
    assert_eq!(issued.iter().filter(|result| result.is_ok()).count(), 4);
    assert_eq!(test.provider.sent.lock().len(), 4);
    let refused = issued.into_iter().find_map(Result::err).unwrap();
    let is_of_ip = matches!(refused, CaptchaError::TooManyCodesOfIp { .. });
    assert!(is_of_ip, "{refused}");
    let refused = Error::from(refused);
    assert_eq!(
        (refused.code(), refused.reason()),
        (Code::Exhausted, "RATE_LIMITED")
    );
    // The last part of the window may have begun with the first code.
    let max_wait = Duration::from_secs(66 * 60);
    assert!(refused.retry_after().is_some_and(|wait| wait <= max_wait));
    // Other kinds, other addresses and requests without a code are not limited.
    let mail = Binding::Email("ada@example.org");
    issue_from(&first, "192.0.2.7", mail).await.unwrap();
    issue_from(&first, "192.0.2.7", Binding::Image)
        .await
        .unwrap();
    let other = Binding::Sms("+33698765432");
    issue_from(&first, "192.0.2.8", other).await.unwrap();
}

pub(crate) async fn addresses_of_an_ipv6_network_share_a_limit_auth_2(test: TestDatabase) {
    let captchas = test.with(limited(1, 100));
    let (first, second) = (Binding::Sms("+33612345678"), Binding::Sms("+33698765432"));
    issue_from(&captchas, "2001:db8::1", first).await.unwrap();
    let refused = issue_from(&captchas, "2001:db8::2", second).await;
    assert!(matches!(
        refused,
        Err(CaptchaError::TooManyCodesOfIp { .. })
    ));
    issue_from(&captchas, "2001:db8:0:1::2", second)
        .await
        .unwrap();
}

pub(crate) async fn networks_of_an_ipv6_site_share_a_limit_auth_2(test: TestDatabase) {
    let mut config = limited(5, 100);
    config.sent_codes.max_per_ipv6_site = NonZeroU32::new(3).unwrap();
    let metrics = Metrics::new();
    let captchas = test.with(config).with_metrics(&metrics);
    let from = async |ip: &str, number: &str| {
        let number = format!("+3361234567{number}");
        issue_from(&captchas, ip, Binding::Sms(&number)).await
    };
    for network in ["1", "2", "3"] {
        from(&format!("2001:db8:7:{network}::1"), network)
            .await
            .unwrap();
    }
    let refused = from("2001:db8:7:4::1", "4").await.unwrap_err();
    let is_of_ip = matches!(refused, CaptchaError::TooManyCodesOfIp { .. });
    assert!(is_of_ip, "{refused}");
    from("2001:db8:8::1", "5").await.unwrap();
    let text = metrics.render(Format::PrometheusText);
    let limited = "captcha_codes_limited_total{kind=\"sms\",limit=\"ipv6_site\"} 1\n";
    assert!(text.contains(limited), "{text}");
}

pub(crate) async fn few_ips_do_not_use_all_codes_auth_2(test: TestDatabase) {
    let metrics = Metrics::new();
    let captchas = test.with(limited(4, 8)).with_metrics(&metrics);
    let mut sent = 0;
    // The last one gets no code.
    for (client, expected) in [(1, 4), (2, 1), (3, 1), (4, 1), (5, 1), (6, 0)] {
        let mut own = 0;
        let refused = loop {
            let number = format!("+336123456{client}{own}");
            let ip = format!("192.0.2.{client}");
            match issue_from(&captchas, &ip, Binding::Sms(&number)).await {
                Ok(_) => own += 1,
                Err(refused) => break refused,
            }
        };
        assert_eq!(own, expected, "{client}: {refused}");
        sent += own;
        let is_in_total = matches!(refused, CaptchaError::TooManyCodesInTotal { .. });
        assert_eq!(is_in_total, client == 6, "{refused}");
    }
    assert_eq!(sent, 8);
    let text = metrics.render(Format::PrometheusText);
    for line in [
        "captcha_codes_total{kind=\"sms\",result=\"sent\"} 8\n",
        "captcha_codes_limited_total{kind=\"sms\",limit=\"ip\"} 1\n",
        "captcha_codes_limited_total{kind=\"sms\",limit=\"share\"} 4\n",
        "captcha_codes_limited_total{kind=\"sms\",limit=\"total\"} 1\n",
        "captcha_codes_limited_total{kind=\"email\",limit=\"total\"} 0\n",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
}

pub(crate) async fn mail_has_its_own_total_auth_2(test: TestDatabase) {
    let mut config = limited(10, 1);
    config.sent_codes.max_total_email = NonZeroU32::new(3).unwrap();
    let captchas = test.with(config);
    captchas.issue(&Binding::Sms("+33612345678")).await.unwrap();
    let refused = captchas.issue(&Binding::Sms("+33698765432")).await;
    assert!(matches!(
        refused,
        Err(CaptchaError::TooManyCodesInTotal { .. })
    ));
    for address in ["ada@example.org", "eve@example.org", "kim@example.org"] {
        captchas.issue(&Binding::Email(address)).await.unwrap();
    }
    let refused = captchas.issue(&Binding::Email("lee@example.org")).await;
    assert!(matches!(
        refused,
        Err(CaptchaError::TooManyCodesInTotal { .. })
    ));
}

pub(crate) async fn codes_in_total_are_limited_by_kind_auth_2(test: TestDatabase) {
    let captchas = test.with(limited(10, 3));
    let requests = (0..6).map(|client| {
        let captchas = &captchas;
        async move {
            let number = format!("+3361234567{client}");
            let ip = format!("192.0.2.{client}");
            issue_from(captchas, &ip, Binding::Sms(&number)).await
        }
    });
    let issued = join_all(requests).await;
    assert_eq!(issued.iter().filter(|result| result.is_ok()).count(), 3);
    let refused = issued.into_iter().find_map(Result::err).unwrap();
    let is_in_total = matches!(refused, CaptchaError::TooManyCodesInTotal { .. });
    assert!(is_in_total, "{refused}");
    captchas
        .issue(&Binding::Email("ada@example.org"))
        .await
        .unwrap();
}

pub(crate) async fn rejected_message_does_not_count_auth_2(test: TestDatabase) {
    let captchas = test.with(CaptchaConfig {
        max_per_target: NonZeroU32::MIN,
        ..limited(1, 1)
    });
    let own = Binding::Sms("+33612345678");
    test.provider.set(Outcome::Rejected);
    for _ in 0..3 {
        let failed = issue_from(&captchas, "192.0.2.7", own).await;
        assert!(
            matches!(failed, Err(CaptchaError::NotSent(_))),
            "{failed:?}"
        );
    }
    let (stored,): (i64,) = sql("SELECT count(*) FROM captchas")
        .fetch_one(&test.database)
        .await
        .unwrap();
    assert_eq!(stored, 0);
    test.provider.set(Outcome::Sent);
    issue_from(&captchas, "192.0.2.7", own).await.unwrap();
    assert!(issue_from(&captchas, "192.0.2.7", own).await.is_err());
}

pub(crate) async fn message_with_unknown_outcome_counts_auth_2(test: TestDatabase) {
    let captchas = test.with(CaptchaConfig {
        max_per_target: NonZeroU32::MIN,
        ..limited(1, 1)
    });
    let (own, other) = (Binding::Sms("+33612345678"), Binding::Sms("+33698765432"));
    test.provider.set(Outcome::Unknown);
    let failed = issue_from(&captchas, "192.0.2.7", own).await;
    assert!(
        matches!(failed, Err(CaptchaError::NotSent(_))),
        "{failed:?}"
    );
    test.provider.set(Outcome::Sent);
    let refused = issue_from(&captchas, "192.0.2.7", other).await.unwrap_err();
    let is_of_ip = matches!(refused, CaptchaError::TooManyCodesOfIp { .. });
    assert!(is_of_ip, "{refused}");
    let refused = captchas.issue(&own).await.unwrap_err();
    let is_of_target = matches!(refused, CaptchaError::TooManyCodes { .. });
    assert!(is_of_target, "{refused}");
    let refused = captchas.issue(&other).await.unwrap_err();
    let is_in_total = matches!(refused, CaptchaError::TooManyCodesInTotal { .. });
    assert!(is_in_total, "{refused}");
    assert!(test.provider.sent.lock().is_empty());
}

pub(crate) async fn rejected_code_does_not_count_auth_2(test: TestDatabase) {
    let captchas = test.with(CaptchaConfig {
        max_per_target: NonZeroU32::MIN,
        ..limited(2, 4)
    });
    let own = Binding::Sms("+33612345678");
    issue_from(&captchas, "192.0.2.7", own).await.unwrap();
    for _ in 0..3 {
        let refused = issue_from(&captchas, "192.0.2.7", own).await;
        assert!(matches!(refused, Err(CaptchaError::TooManyCodes { .. })));
    }
    let other = Binding::Sms("+33698765432");
    issue_from(&captchas, "192.0.2.7", other).await.unwrap();
}

pub(crate) async fn ip_gets_codes_again_after_the_window_auth_2(test: TestDatabase) {
    let mut config = limited(1, 1);
    config.sent_codes.window = Timeout::from_millis(1);
    config.max_per_target = NonZeroU32::MAX;
    let captchas = test.with(config);
    let own = Binding::Email("ada@example.org");
    issue_from(&captchas, "192.0.2.7", own).await.unwrap();
    eventually(async || issue_from(&captchas, "192.0.2.7", own).await.is_ok()).await;
}
