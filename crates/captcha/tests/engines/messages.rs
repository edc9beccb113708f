use std::time::Duration;

use futures::future::join_all;
use seaworthy_captcha::{Binding, CaptchaConfig, CaptchaError, Captchas};
use seaworthy_core::{Code, Error, Secret, Timeout};
use seaworthy_testkit::eventually;

use crate::test_database::TestDatabase;

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
    *test.provider.fails.lock() = true;
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
